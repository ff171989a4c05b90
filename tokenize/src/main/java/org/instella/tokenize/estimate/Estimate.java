package org.instella.tokenize.estimate;

/**
 * A number that was estimated.
 *
 * @param value the estimate
 * @param error half the width of its 95 % interval; 0 where everything was counted, NaN where one
 *     place alone was looked at
 */
public record Estimate(double value, double error) {

  /** A number that was counted. */
  static Estimate exact(double value) {
    return new Estimate(value, 0);
  }

  /** The same times {@code factor}. */
  public Estimate times(double factor) {
    return new Estimate(value * factor, error * factor);
  }

  /** The sum with another that was estimated apart from this one: squares of errors add up. */
  public Estimate plus(Estimate other) {
    return new Estimate(value + other.value, Math.hypot(error, other.error));
  }
}
