package org.instella.eval.request;

import java.io.Serializable;

/** One question to a {@link LanguageModel}. */
public sealed interface EvalRequest extends Serializable
    permits Loglikelihood, GenerateUntil, RollingLoss {

  /** Rough size in characters, enough to sort work by length before anything is tokenised. */
  long characters();
}
