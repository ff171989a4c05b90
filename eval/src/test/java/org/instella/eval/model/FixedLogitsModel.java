package org.instella.eval.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A network whose logits are a fixed function of the last three ids, so that every answer can be
 * recomputed by hand; counts what it reads.
 */
public final class FixedLogitsModel implements ScoringNetwork, TextGenerator {
  private final int vocabulary;
  private final int maxLength;
  public int contextsRead;
  public int continuationsRead;

  public FixedLogitsModel(int vocabulary, int maxLength) {
    this.vocabulary = vocabulary;
    this.maxLength = maxLength;
  }

  /** Natural logarithms of the probabilities of every id after {@code ids[0, length)}. */
  public double[] logProbabilities(int[] ids, int length) {
    long state = 17;
    for (int i = Math.max(0, length - 3); i < length; i++) {
      state = state * 1_000_003 + ids[i];
    }
    double[] logits = new double[vocabulary];
    double sum = 0;
    for (int id = 0; id < vocabulary; id++) {
      long mixed = (state + id) * 0x9E3779B97F4A7C15L;
      logits[id] = (mixed >>> 40) / (double) (1 << 22);
      sum += Math.exp(logits[id]);
    }
    double normaliser = Math.log(sum);
    return Arrays.stream(logits).map(logit -> logit - normaliser).toArray();
  }

  @Override
  public int maxLength() {
    return maxLength;
  }

  @Override
  public int vocabularySize() {
    return vocabulary;
  }

  @Override
  public List<ContinuationScore> score(int[] context, List<int[]> continuations) {
    contextsRead++;
    List<ContinuationScore> scores = new ArrayList<>();
    for (int[] continuation : continuations) {
      continuationsRead++;
      scores.add(score(context, continuation));
    }
    return scores;
  }

  private ContinuationScore score(int[] context, int[] continuation) {
    if (context.length + continuation.length - 1 > maxLength) {
      throw new IllegalArgumentException("too long: " + (context.length + continuation.length));
    }
    int[] all = Arrays.copyOf(context, context.length + continuation.length);
    System.arraycopy(continuation, 0, all, context.length, continuation.length);
    double sum = 0;
    boolean greedy = true;
    for (int i = context.length; i < all.length; i++) {
      double[] values = logProbabilities(all, i);
      sum += values[all[i]];
      greedy &= best(values) == all[i];
    }
    return new ContinuationScore(sum, greedy);
  }

  @Override
  public double[] rolling(int[] tokens) {
    if (tokens.length - 1 > maxLength) {
      throw new IllegalArgumentException("too long: " + tokens.length);
    }
    double[] values = new double[tokens.length - 1];
    for (int i = 1; i < tokens.length; i++) {
      values[i - 1] = logProbabilities(tokens, i)[tokens[i]];
    }
    return values;
  }

  @Override
  public int[] greedy(int[] prompt, int maxNewTokens, List<String> stops) {
    int[] ids = Arrays.copyOf(prompt, prompt.length + maxNewTokens);
    for (int i = prompt.length; i < ids.length; i++) {
      ids[i] = best(logProbabilities(ids, i));
    }
    return Arrays.copyOfRange(ids, prompt.length, ids.length);
  }

  private static int best(double[] values) {
    int best = 0;
    for (int i = 1; i < values.length; i++) {
      best = values[i] > values[best] ? i : best;
    }
    return best;
  }

  @Override
  public void close() {}
}
