package org.instella.eval.model;

import java.util.List;

/**
 * A network as scoring needs it: the seam between which tokens are asked for (decided here, tested
 * with fixed logits) and how a forward pass is run.
 *
 * <p>Every result is a function of the arguments it belongs to, to the bit: not of other
 * continuations, not of earlier calls.
 */
public interface ScoringNetwork extends AutoCloseable {

  /** Most tokens read at once. */
  int maxLength();

  /** Ids are below it. */
  int vocabularySize();

  /**
   * Scores continuations of one context, which is read once.
   *
   * @param context at least one id
   * @param continuations each at least one id
   */
  List<ContinuationScore> score(int[] context, List<int[]> continuations);

  /** Log-probability of {@code tokens[i]} given all before it, for i from 1 to the end. */
  double[] rolling(int[] tokens);

  @Override
  void close();

  /**
   * What the network thinks of one continuation.
   *
   * @param logProbability natural logarithm, summed over its tokens
   * @param greedy whether each token is the likeliest at its place
   */
  record ContinuationScore(double logProbability, boolean greedy) {}
}
