package org.instella.eval.metric;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * A measured mean.
 *
 * @param value the mean
 * @param standardError empty where there is none to give (a single document, a weighted metric)
 * @param count documents it rests on
 */
public record Estimate(double value, OptionalDouble standardError, long count) {
  /** Two-sided 95 % point of the normal distribution. */
  private static final double NORMAL_95 = 1.959963984540054;

  /**
   * Mean and {@code s / sqrt(n)}, {@code s} being the sample standard deviation (n - 1): what
   * lm-evaluation-harness gives for means. For values 0 and 1 this is {@code sqrt(p (1 - p) / (n -
   * 1))}.
   */
  public static Estimate ofMean(double[] values) {
    if (values.length == 0) {
      throw new IllegalArgumentException("no values to average");
    }
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    double mean = sum / values.length;
    if (values.length == 1) {
      return new Estimate(mean, OptionalDouble.empty(), 1);
    }
    double squares = 0;
    for (double value : values) {
      squares += (value - mean) * (value - mean);
    }
    double deviation = Math.sqrt(squares / (values.length - 1));
    return new Estimate(
        mean, OptionalDouble.of(deviation / Math.sqrt(values.length)), values.length);
  }

  /** Plain mean of groups; standard error {@code sqrt(sum se²) / k}. */
  public static Estimate macro(List<Estimate> groups) {
    double sum = 0;
    double squares = 0;
    long count = 0;
    boolean known = true;
    for (Estimate group : groups) {
      sum += group.value();
      count += group.count();
      known &= group.standardError().isPresent();
      squares += Math.pow(group.standardError().orElse(0), 2);
    }
    OptionalDouble error =
        known ? OptionalDouble.of(Math.sqrt(squares) / groups.size()) : OptionalDouble.empty();
    return new Estimate(sum / groups.size(), error, count);
  }

  /**
   * Mean of groups weighted by size; standard error {@code sqrt((sum (n-1) se² n / (sum n - k)) /
   * sum n)}, the pooled variance of lm-evaluation-harness.
   */
  public static Estimate micro(List<Estimate> groups) {
    double sum = 0;
    double pooled = 0;
    long count = 0;
    boolean known = true;
    for (Estimate group : groups) {
      long n = group.count();
      sum += group.value() * n;
      count += n;
      known &= group.standardError().isPresent();
      pooled += (n - 1) * Math.pow(group.standardError().orElse(0), 2) * n;
    }
    boolean defined = known && count > groups.size();
    OptionalDouble error =
        defined
            ? OptionalDouble.of(Math.sqrt(pooled / (count - groups.size()) / count))
            : OptionalDouble.empty();
    return new Estimate(sum / count, error, count);
  }

  /** 95 % confidence interval from the normal distribution; empty without a standard error. */
  public Optional<Interval> interval() {
    return standardError().isPresent()
        ? Optional.of(
            new Interval(
                value - NORMAL_95 * standardError.getAsDouble(),
                value + NORMAL_95 * standardError.getAsDouble()))
        : Optional.empty();
  }
}
