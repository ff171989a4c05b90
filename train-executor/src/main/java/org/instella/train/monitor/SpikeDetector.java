package org.instella.train.monitor;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.OptionalDouble;

/**
 * Marks losses that stand out by a {@link SpikeRule}. What it says of a step follows from the
 * losses before it alone, so a resumed run that is given those again says the same.
 */
public final class SpikeDetector {
  private final SpikeRule rule;
  private final Deque<Double> window = new ArrayDeque<>();

  public SpikeDetector(SpikeRule rule) {
    this.rule = rule;
  }

  /**
   * Judges the loss of the next step, then remembers it.
   *
   * @return the bound that it exceeds; empty if it is no spike, or not finite
   */
  public OptionalDouble judge(double loss) {
    if (!Double.isFinite(loss)) {
      return OptionalDouble.empty();
    }
    OptionalDouble bound = bound();
    remember(loss);
    return bound.isPresent() && loss > bound.getAsDouble() ? bound : OptionalDouble.empty();
  }

  /** Takes a loss into the window without judging it. */
  public void remember(double loss) {
    if (!Double.isFinite(loss)) {
      return;
    }
    window.addLast(loss);
    if (window.size() > rule.window()) {
      window.removeFirst();
    }
  }

  /** What the next loss may not exceed; empty while too few are known. */
  private OptionalDouble bound() {
    if (window.size() < SpikeRule.LEAST) {
      return OptionalDouble.empty();
    }
    double[] losses = window.stream().mapToDouble(Double::doubleValue).toArray();
    double median = median(losses);
    double deviation = median(Arrays.stream(losses).map(x -> Math.abs(x - median)).toArray());
    double spread =
        Math.max(SpikeRule.NORMAL * deviation, SpikeRule.LEAST_SPREAD * Math.abs(median));
    return OptionalDouble.of(median + rule.deviations() * spread);
  }

  private static double median(double[] values) {
    Arrays.sort(values);
    int middle = values.length / 2;
    return values.length % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  }
}
