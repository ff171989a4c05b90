package org.instella.eval.report;

import java.util.Locale;
import org.instella.eval.metric.Estimate;

/** Numbers as a report writes them; the same everywhere, whatever the machine's language. */
public final class Numbers {
  private static final char MINUS = '\u2212';

  private Numbers() {}

  public static String fixed(double value, int digits) {
    if (Double.isNaN(value)) {
      return "–";
    }
    return String.format(Locale.ROOT, "%." + digits + "f", value).replace('-', MINUS);
  }

  /** With its sign, so that a difference reads as one. */
  public static String signed(double value, int digits) {
    String text = fixed(value, digits);
    return value > 0 ? "+" + text : text;
  }

  public static String percent(double share) {
    return fixed(100 * share, 1);
  }

  /** " ± 1.2", in percent; empty without a standard error. */
  public static String percentError(Estimate estimate) {
    return estimate.standardError().isPresent()
        ? "± " + percent(estimate.standardError().getAsDouble())
        : "";
  }

  public static String error(Estimate estimate, int digits) {
    return estimate.standardError().isPresent()
        ? "± " + fixed(estimate.standardError().getAsDouble(), digits)
        : "";
  }

  /** Thousands apart, for counts. */
  public static String count(long value) {
    return String.format(Locale.ROOT, "%,d", value);
  }

  public static String probability(double p) {
    return p < 0.001 ? "< 0.001" : fixed(p, 3);
  }
}
