package org.instella.eval.request;

/** One question to a {@link LanguageModel}. */
public sealed interface EvalRequest permits Loglikelihood, GenerateUntil, RollingLoss {

  /** Rough size in characters, enough to sort work by length before anything is tokenised. */
  long characters();
}
