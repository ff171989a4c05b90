package org.instella.model.checkpoint;

/** bfloat16: the upper half of a float32. */
public final class Bfloat16 {
  private Bfloat16() {}

  public static float toFloat(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  /** Nearest bfloat16, ties to even; too large becomes infinite; NaN stays NaN, with its sign. */
  public static short of(float value) {
    int bits = Float.floatToRawIntBits(value);
    if ((bits & 0x7fff_ffff) > 0x7f80_0000) {
      return (short) ((bits >>> 16) | 0x40); // quiet, so that a payload in the lower half survives
    }
    return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
  }

  /** Nearest bfloat16 to a float64, rounded once. */
  public static short of(double value) {
    return of(RoundToOdd.toFloat(value));
  }

  static void decode(short[] source, float[] target, int offset, int count) {
    for (int i = 0; i < count; i++) {
      target[offset + i] = Float.intBitsToFloat(source[i] << 16);
    }
  }

  static void encode(float[] source, int offset, short[] target, int count) {
    for (int i = 0; i < count; i++) {
      target[i] = of(source[offset + i]);
    }
  }
}
