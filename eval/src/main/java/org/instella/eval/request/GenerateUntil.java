package org.instella.eval.request;

import java.util.List;

/**
 * Continue {@code context} greedily until a stop string, the end-of-text token or the token limit.
 *
 * @param stops the answer is cut at the earliest occurrence of any of them
 * @param maxNewTokens upper bound of generated tokens
 * @param cutContext true: a prompt that is too long loses its left end; false: it keeps its length
 *     and {@code maxNewTokens} shrinks
 */
public record GenerateUntil(
    String context, List<String> stops, int maxNewTokens, boolean cutContext)
    implements EvalRequest {
  public GenerateUntil {
    stops = List.copyOf(stops);
  }

  @Override
  public long characters() {
    return (long) context.length() + 4L * maxNewTokens;
  }
}
