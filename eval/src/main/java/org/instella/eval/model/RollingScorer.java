package org.instella.eval.model;

/**
 * The loss of a text of any length, window by window. Every token is predicted exactly once; the
 * first from the prefix token, the first of a later window from the token before it (the rolling
 * windows of lm-evaluation-harness with a context of one token).
 */
final class RollingScorer {
  private final ScoringNetwork network;
  private final int prefixId;

  RollingScorer(ScoringNetwork network, int prefixId) {
    this.network = network;
    this.prefixId = prefixId;
  }

  /** Negative log-probability of {@code ids} in nats; 0 for no ids. */
  double nats(int[] ids) {
    int window = network.maxLength();
    double nats = 0;
    for (int from = 0; from < ids.length; from += window) {
      int length = Math.min(ids.length - from, window);
      int[] tokens = new int[length + 1];
      tokens[0] = from == 0 ? prefixId : ids[from - 1];
      System.arraycopy(ids, from, tokens, 1, length);
      for (double logProbability : network.rolling(tokens)) {
        nats -= logProbability;
      }
    }
    return nats;
  }
}
