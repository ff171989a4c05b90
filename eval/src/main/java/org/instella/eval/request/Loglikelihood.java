package org.instella.eval.request;

/**
 * How probable is {@code continuation} after {@code context}?
 *
 * <p>The two strings are concatenated as they are; a delimiter belongs to one of them.
 *
 * @param context may be empty: the model then puts its prefix token there
 * @param continuation as sent, with its leading space if the benchmark has one; never empty
 */
public record Loglikelihood(String context, String continuation) implements EvalRequest {
  public Loglikelihood {
    if (continuation.isEmpty()) {
      throw new IllegalArgumentException("a continuation may not be empty");
    }
  }

  @Override
  public long characters() {
    return (long) context.length() + continuation.length();
  }
}
