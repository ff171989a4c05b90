package org.instella.eval.report;

import java.util.ArrayList;
import java.util.List;

/** A linear scale from values to places on the page, with round ticks. */
public record Axis(double low, double high, double from, double to, double step) {

  /**
   * @param low smallest value to show
   * @param high largest value to show
   * @param from place of {@code low}
   * @param to place of {@code high}
   * @param ticks about so many ticks
   */
  public static Axis covering(double low, double high, double from, double to, int ticks) {
    double span = high > low ? high - low : Math.max(1e-9, Math.abs(low) * 0.1);
    double rough = span / ticks;
    double power = Math.pow(10, Math.floor(Math.log10(rough)));
    double fraction = rough / power;
    double step = power * (fraction <= 1 ? 1 : fraction <= 2 ? 2 : fraction <= 5 ? 5 : 10);
    return new Axis(low, low + span, from, to, step);
  }

  public double place(double value) {
    return from + (value - low) / (high - low) * (to - from);
  }

  public List<Double> ticks() {
    List<Double> ticks = new ArrayList<>();
    for (long i = (long) Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) {
      ticks.add(i * step);
    }
    return ticks;
  }

  /** Decimals that tell two neighbouring ticks apart. */
  public int digits() {
    return (int) Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
  }
}
