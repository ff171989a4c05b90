package org.instella.model.checkpoint;

/**
 * float64 to float32 by rounding to odd: exact values stay, all others take the neighbour whose
 * last bit is 1. Rounding the result to nearest in a type at least two bits narrower then gives
 * what rounding the float64 directly would give (Boldo and Melquiond 2008, "Emulation of FMA and
 * correctly rounded sums: proved algorithms using rounding to odd").
 */
final class RoundToOdd {
  private RoundToOdd() {}

  static float toFloat(double value) {
    float nearest = (float) value;
    double back = nearest;
    if (back == value || Double.isNaN(value)) {
      return nearest;
    }
    int bits = Float.floatToRawIntBits(nearest);
    if (Math.abs(back) > Math.abs(value)) {
      bits--; // magnitudes are ordered like their bits: one step towards zero
    }
    return Float.intBitsToFloat(bits | 1);
  }
}
