package org.instella.model.checkpoint;

/** IEEE 754 binary16. */
public final class Float16 {
  private static final float TWO_TO_112 = 0x1p112f;

  private Float16() {}

  public static float toFloat(short bits) {
    int magnitude = bits & 0x7fff;
    int sign = (bits & 0x8000) << 16;
    if (magnitude >= 0x7c00) {
      return Float.intBitsToFloat(sign | 0x7f80_0000 | ((magnitude & 0x3ff) << 13));
    }
    // The exponent bias differs by 112; the product is exact and brings subnormals in line.
    float value = Float.intBitsToFloat(magnitude << 13) * TWO_TO_112;
    return Float.intBitsToFloat(sign | Float.floatToRawIntBits(value));
  }

  /** Nearest binary16, ties to even; too large becomes infinite; NaN stays NaN, with its sign. */
  public static short of(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = (bits >>> 16) & 0x8000;
    int magnitude = bits & 0x7fff_ffff;
    if (magnitude > 0x7f80_0000) {
      return (short) (sign | 0x7e00 | ((magnitude >>> 13) & 0x3ff));
    }
    if (magnitude >= 0x4780_0000) { // 65536 and above; 65520..65536 carries into infinity below
      return (short) (sign | 0x7c00);
    }
    if (magnitude < 0x3880_0000) { // below 2^-14: subnormal, one step is 2^-24, the ulp of 0.5
      float shifted = Float.intBitsToFloat(magnitude) + 0.5f;
      return (short) (sign | (Float.floatToRawIntBits(shifted) - 0x3f00_0000));
    }
    int rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
    return (short) (sign | ((rounded >>> 13) - (112 << 10)));
  }

  /** Nearest binary16 to a float64, rounded once. */
  public static short of(double value) {
    return of(RoundToOdd.toFloat(value));
  }

  static void decode(short[] source, float[] target, int offset, int count) {
    for (int i = 0; i < count; i++) {
      target[offset + i] = toFloat(source[i]);
    }
  }

  static void encode(float[] source, int offset, short[] target, int count) {
    for (int i = 0; i < count; i++) {
      target[i] = of(source[offset + i]);
    }
  }
}
