package org.instella.eval.request;

/**
 * Which harness's way of tokenising a (context, continuation) pair is followed. Both move trailing
 * white space of the context into the continuation and take the continuation's ids from the
 * encoding of the whole; they differ in the points below.
 */
public enum PairRule {
  /**
   * lm-evaluation-harness 0.4.3, on which OLMES runs: no beginning-of-text token before a context;
   * an empty context is always the prefix token.
   */
  LME_0_4_3,
  /**
   * lm-evaluation-harness 0.4.13: a context gets the beginning-of-text token if the tokenizer adds
   * one by default and the text does not start with it; with an empty context, a continuation that
   * already starts with the prefix token lends it as context.
   */
  LME_0_4_13
}
