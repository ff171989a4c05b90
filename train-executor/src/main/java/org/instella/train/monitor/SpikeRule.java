package org.instella.train.monitor;

/**
 * When a loss counts as a spike: when it exceeds the median of the losses before it by more than
 * {@code deviations} times their spread. The spread is 1.4826 times the median absolute deviation,
 * which for normal noise is the standard deviation, and at least half a percent of the median, so
 * that a run without noise has no spikes at every wobble.
 *
 * @param window so many finite losses before it are looked at; with fewer than {@link #LEAST}
 *     nothing is a spike
 * @param deviations how many spreads above the median are allowed
 */
public record SpikeRule(int window, double deviations) {
  /** With fewer losses a median says nothing. */
  public static final int LEAST = 20;

  static final double NORMAL = 1.4826;
  static final double LEAST_SPREAD = 0.005;
}
