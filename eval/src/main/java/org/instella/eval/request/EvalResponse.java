package org.instella.eval.request;

/** What a {@link LanguageModel} answers. */
public sealed interface EvalResponse permits Likelihood, Generated, TextLoss {}
