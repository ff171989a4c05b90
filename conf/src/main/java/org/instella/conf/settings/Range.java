package org.instella.conf.settings;

/** The numbers that a key allows; prints itself as mathematicians write it. */
public record Range(double low, boolean includesLow, double high, boolean includesHigh) {

  static final Range ANY =
      new Range(Double.NEGATIVE_INFINITY, false, Double.POSITIVE_INFINITY, false);

  public static Range closed(double low, double high) {
    return new Range(low, true, high, true);
  }

  public static Range open(double low, double high) {
    return new Range(low, false, high, false);
  }

  public static Range openClosed(double low, double high) {
    return new Range(low, false, high, true);
  }

  public static Range closedOpen(double low, double high) {
    return new Range(low, true, high, false);
  }

  public static Range atLeast(double low) {
    return new Range(low, true, Double.POSITIVE_INFINITY, false);
  }

  public static Range greaterThan(double low) {
    return new Range(low, false, Double.POSITIVE_INFINITY, false);
  }

  /** False for a value that is no number. */
  public boolean contains(double value) {
    boolean aboveLow = includesLow ? value >= low : value > low;
    boolean belowHigh = includesHigh ? value <= high : value < high;
    return aboveLow && belowHigh;
  }

  /** Some number that the range contains, for reading on after a problem. */
  double anyInside() {
    if (contains(low)) {
      return low;
    }
    if (contains(high)) {
      return high;
    }
    if (Double.isFinite(low)) {
      return Double.isFinite(high) ? (low + high) / 2 : low + 1;
    }
    return Double.isFinite(high) ? high - 1 : 0;
  }

  @Override
  public String toString() {
    if (!Double.isFinite(high)) {
      return (includesLow ? "at least " : "greater than ") + plain(low);
    }
    return "in %s%s, %s%s"
        .formatted(includesLow ? "[" : "(", plain(low), plain(high), includesHigh ? "]" : ")");
  }

  static String plain(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? Long.toString((long) value)
        : Double.toString(value);
  }
}
