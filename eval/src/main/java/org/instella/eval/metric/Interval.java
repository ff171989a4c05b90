package org.instella.eval.metric;

/** A confidence interval. */
public record Interval(double low, double high) {

  /**
   * Wilson's score interval of a share at 95 % (Wilson 1927): never outside [0, 1], and sensible at
   * 0 and 1, where the normal interval has no width.
   */
  public static Interval wilson(long hits, long trials) {
    double z = 1.959963984540054;
    double share = (double) hits / trials;
    double shrink = 1 + z * z / trials;
    double centre = (share + z * z / (2.0 * trials)) / shrink;
    double half =
        z / shrink * Math.sqrt(share * (1 - share) / trials + z * z / (4.0 * trials * trials));
    return new Interval(Math.max(0, centre - half), Math.min(1, centre + half));
  }
}
