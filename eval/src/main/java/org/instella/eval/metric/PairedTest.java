package org.instella.eval.metric;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Do two models differ on the same documents? Comparing document by document is far sharper than
 * comparing two means with their standard errors, because most documents are easy or hard for both.
 *
 * @param difference mean of second minus first
 * @param interval 95 % interval of the difference, by bootstrap over documents
 * @param pValue probability of a difference this large, either way, if the models were equal
 * @param documents documents compared
 */
public record PairedTest(double difference, Interval interval, double pValue, int documents) {
  private static final int RESAMPLES = 10_000;

  /**
   * Compares the values of two models, document by document. Values that are only 0 and 1 get the
   * exact McNemar test (McNemar 1947, binomial form); others the p-value of the bootstrap.
   *
   * @param seed of the bootstrap: the same values and seed give the same result
   */
  public static PairedTest of(double[] first, double[] second, long seed) {
    if (first.length != second.length || first.length == 0) {
      throw new IllegalArgumentException(
          "%d values against %d: both models must have answered the same documents"
              .formatted(first.length, second.length));
    }
    double[] differences = new double[first.length];
    Arrays.setAll(differences, i -> second[i] - first[i]);
    double[] means = resampledMeans(differences, seed);
    Interval interval = new Interval(means[RESAMPLES / 40], means[RESAMPLES - 1 - RESAMPLES / 40]);
    double p = isBinary(first) && isBinary(second) ? mcNemar(differences) : bootstrapP(means);
    return new PairedTest(mean(differences), interval, p, first.length);
  }

  /**
   * Exact McNemar: of the documents on which the models disagree, each side is as likely as heads
   * and tails.
   */
  private static double mcNemar(double[] differences) {
    int wins = 0;
    int losses = 0;
    for (double difference : differences) {
      wins += difference > 0 ? 1 : 0;
      losses += difference < 0 ? 1 : 0;
    }
    return exactMcNemar(wins, losses);
  }

  /** Two-sided p-value of {@code wins} against {@code losses} among the documents that differ. */
  public static double exactMcNemar(int wins, int losses) {
    int n = wins + losses;
    double tail = 0;
    double logChoose = 0;
    for (int i = 0; i <= Math.min(wins, losses); i++) {
      if (i > 0) {
        logChoose += Math.log(n - i + 1.0) - Math.log(i);
      }
      tail += Math.exp(logChoose - n * Math.log(2));
    }
    return Math.min(1, 2 * tail);
  }

  /** Twice the share of resampled means on the other side of zero. */
  private static double bootstrapP(double[] sortedMeans) {
    int below = 0;
    int above = 0;
    for (double mean : sortedMeans) {
      below += mean <= 0 ? 1 : 0;
      above += mean >= 0 ? 1 : 0;
    }
    return Math.min(1, 2.0 * (1 + Math.min(below, above)) / (1 + sortedMeans.length));
  }

  private static double[] resampledMeans(double[] values, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] means = new double[RESAMPLES];
    for (int sample = 0; sample < RESAMPLES; sample++) {
      double sum = 0;
      for (int i = 0; i < values.length; i++) {
        sum += values[random.nextInt(values.length)];
      }
      means[sample] = sum / values.length;
    }
    Arrays.sort(means);
    return means;
  }

  private static boolean isBinary(double[] values) {
    return Arrays.stream(values).allMatch(value -> value == 0 || value == 1);
  }

  private static double mean(double[] values) {
    return Arrays.stream(values).sum() / values.length;
  }
}
