package org.instella.jobs.merging;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.instella.eval.metric.Interval;

/**
 * Resampled loss per token of held-out documents. Documents are what was drawn, so documents are
 * drawn again, each source its own number: sources were chosen, not drawn. Every model gets the
 * same draws, so the differences of two models' resamples are paired.
 */
final class DocumentBootstrap {
  private final int[][] draws; // [resample][document]
  private final double[] tokens;

  /**
   * @param sources number of the source of each document, ascending
   * @param tokens tokens of each document
   */
  DocumentBootstrap(int[] sources, double[] tokens, int resamples, long seed) {
    this.tokens = tokens;
    SplittableRandom random = new SplittableRandom(seed);
    draws = new int[resamples][sources.length];
    for (int[] draw : draws) {
      for (int first = 0; first < sources.length; ) {
        int end = first;
        while (end < sources.length && sources[end] == sources[first]) {
          end++;
        }
        for (int i = first; i < end; i++) {
          draw[i] = random.nextInt(first, end);
        }
        first = end;
      }
    }
  }

  /** Loss per token of each resample, in the order of the draws. */
  double[] losses(double[] nats) {
    double[] losses = new double[draws.length];
    for (int r = 0; r < draws.length; r++) {
      double sum = 0;
      double weight = 0;
      for (int document : draws[r]) {
        sum += nats[document];
        weight += tokens[document];
      }
      losses[r] = sum / weight;
    }
    return losses;
  }

  /** The middle 95 %. */
  static Interval interval(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int cut = sorted.length / 40;
    return new Interval(sorted[cut], sorted[sorted.length - 1 - cut]);
  }

  /**
   * Second minus first, resample by resample.
   *
   * @param difference of the documents themselves
   * @param pValue twice the share of resamples on the other side of zero
   */
  record Difference(double difference, Interval interval, double pValue) {
    static Difference of(double difference, double[] first, double[] second) {
      double[] gaps = new double[first.length];
      Arrays.setAll(gaps, i -> second[i] - first[i]);
      long below = Arrays.stream(gaps).filter(gap -> gap <= 0).count();
      long above = Arrays.stream(gaps).filter(gap -> gap >= 0).count();
      double p = Math.min(1, 2.0 * (1 + Math.min(below, above)) / (1 + gaps.length));
      return new Difference(difference, DocumentBootstrap.interval(gaps), p);
    }
  }
}
