package org.instella.eval.request;

import java.io.Serializable;

/** What a {@link LanguageModel} answers. */
public sealed interface EvalResponse extends Serializable permits Likelihood, Generated, TextLoss {}
