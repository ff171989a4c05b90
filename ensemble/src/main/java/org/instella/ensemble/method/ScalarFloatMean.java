package org.instella.ensemble.method;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * Means of float32 by plain loops. The compiler of Java 17 finds no vector instructions for
 * conversions between float32 and float64, and one conversion waits for another where they meet in
 * a loop with a division; so each loop does one thing, which takes half the time.
 */
final class ScalarFloatMean implements MeanKernel {
  private static final int BLOCK = 1 << 11; // all arrays below fit the nearest cache
  private static final float[] ZEROS = new float[BLOCK];
  private static final double THIRD = 1 / 3.0;

  private final double[] sums = new double[BLOCK];
  private final float[] result = new float[BLOCK];
  private final float[] probe = new float[BLOCK];

  @Override
  public boolean mean(
      ByteBuffer[] models, double[] weights, double divisor, int count, ByteBuffer merged) {
    boolean threeAlike =
        weights.length == 3 && weights[0] == 1 && weights[1] == 1 && weights[2] == 1;
    boolean finite = true;
    for (int done = 0; finite && done < count; done += BLOCK) {
      int length = Math.min(BLOCK, count - done);
      if (threeAlike && divisor == 3) { // what most merges are
        sumOfThree(
            elements(models[0], done, length),
            elements(models[1], done, length),
            elements(models[2], done, length),
            sums,
            length);
        third(sums, length);
      } else {
        scale(elements(models[0], done, length), weights[0], sums, length);
        for (int m = 1; m < weights.length; m++) {
          add(elements(models[m], done, length), weights[m], sums, length);
        }
        divide(sums, divisor, length);
      }
      narrow(sums, result, length);
      finite = finite(length);
      elements(merged, done, length).put(result, 0, length);
    }
    return finite;
  }

  private static FloatBuffer elements(ByteBuffer bytes, int first, int count) {
    return bytes
        .slice(bytes.position() + first * Float.BYTES, count * Float.BYTES)
        .order(ByteOrder.LITTLE_ENDIAN)
        .asFloatBuffer();
  }

  private static void sumOfThree(
      FloatBuffer a, FloatBuffer b, FloatBuffer c, double[] sums, int count) {
    for (int i = 0; i < count; i++) {
      sums[i] = (double) a.get(i) + b.get(i) + c.get(i);
    }
  }

  private static void scale(FloatBuffer values, double weight, double[] sums, int count) {
    for (int i = 0; i < count; i++) {
      sums[i] = weight * values.get(i);
    }
  }

  private static void add(FloatBuffer values, double weight, double[] sums, int count) {
    for (int i = 0; i < count; i++) {
      sums[i] += weight * values.get(i);
    }
  }

  private static void divide(double[] sums, double divisor, int count) {
    for (int i = 0; i < count; i++) {
      sums[i] /= divisor;
    }
  }

  /**
   * Divides sums of float32 by three, with the bits of a division, in less than half its time.
   *
   * <p>With {@code x} a sum and {@code q} its product with a third, {@code q} is off by a unit or
   * two in its last place. {@code 3q - x} has no rounding error: {@code 2q - x} lies within a
   * factor of two of {@code q}, and so does what is left (Sterbenz). Its third corrects {@code q}
   * by far more digits than are needed: a quotient by three is never nearer than a sixth of a unit
   * to the middle between two numbers. Sums of float32 are zero or above 2^-150, so nothing
   * underflows; a zero keeps its sign; what is not finite becomes NaN.
   */
  static void third(double[] sums, int count) {
    for (int i = 0; i < count; i++) {
      double x = sums[i];
      double q = x * THIRD;
      sums[i] = q - ((q + q - x) + q) * THIRD;
    }
  }

  private static void narrow(double[] sums, float[] result, int count) {
    for (int i = 0; i < count; i++) {
      result[i] = (float) sums[i];
    }
  }

  /** Whether all results are finite: where an element of a model is not, its result is not. */
  private boolean finite(int count) {
    probe(result, probe, count);
    return Arrays.equals(probe, 0, count, ZEROS, 0, count);
  }

  /** Zero, or NaN for what is not finite. */
  private static void probe(float[] values, float[] probe, int count) {
    for (int i = 0; i < count; i++) {
      probe[i] = Math.abs(values[i]) * 0;
    }
  }
}
