package org.instella.eval.model;

import java.util.ArrayList;
import java.util.List;
import org.instella.model.transformer.Decoder;
import org.instella.model.transformer.Score;

/** A decoder behind the seam of scoring; owns it. */
final class DecoderNetwork implements ScoringNetwork {
  private final Decoder decoder;
  private final int maxLength;

  /**
   * @param maxLength at most the model's positions
   */
  DecoderNetwork(Decoder decoder, int maxLength) {
    this.decoder = decoder;
    this.maxLength = maxLength;
  }

  @Override
  public int maxLength() {
    return maxLength;
  }

  @Override
  public int vocabularySize() {
    return decoder.config().vocabularySize();
  }

  @Override
  public List<ContinuationScore> score(int[] context, List<int[]> continuations) {
    List<ContinuationScore> scores = new ArrayList<>();
    for (Score score : decoder.score(context, continuations)) {
      scores.add(new ContinuationScore(score.logProbability(), score.greedy()));
    }
    return scores;
  }

  @Override
  public double[] rolling(int[] tokens) {
    return decoder.rollingLogProbabilities(tokens, 1);
  }

  @Override
  public void close() {
    decoder.close();
  }
}
