package org.instella.model.transformer;

import java.util.List;

/**
 * What a model says of one continuation.
 *
 * @param logProbability natural logarithm of the probability of the whole continuation
 * @param greedy true when every token is the likeliest at its place
 * @param tokenLogProbabilities one per token of the continuation
 */
public record Score(double logProbability, boolean greedy, List<Double> tokenLogProbabilities) {
  public Score {
    tokenLogProbabilities = List.copyOf(tokenLogProbabilities);
  }
}
