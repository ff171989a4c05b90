package org.instella.ensemble.method;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Means of float32 by plain loops. The compiler of Java 17 finds no vector instructions for
 * conversions between float32 and float64, and one conversion waits for another where they meet in
 * a loop with a division; so each loop does one thing, which takes half the time.
 */
final class ScalarFloatMean implements MeanKernel {
  private static final int BLOCK = 1 << 12; // all arrays below fit a core's own cache
  private static final float[] ZEROS = new float[BLOCK];

  private float[][] values = new float[0][];
  private final double[] sums = new double[BLOCK];
  private final float[] result = new float[BLOCK];
  private final float[] probe = new float[BLOCK];

  @Override
  public boolean mean(
      ByteBuffer[] models, double[] weights, double divisor, int count, ByteBuffer merged) {
    if (values.length < models.length) {
      values = new float[models.length][BLOCK];
    }
    boolean finite = true;
    for (int done = 0; finite && done < count; done += BLOCK) {
      int length = Math.min(BLOCK, count - done);
      for (int m = 0; m < models.length; m++) {
        elements(models[m], done, length).asFloatBuffer().get(values[m], 0, length);
      }
      sum(weights, length);
      divide(sums, divisor, length);
      narrow(sums, result, length);
      finite = finite(length);
      elements(merged, done, length).asFloatBuffer().put(result, 0, length);
    }
    return finite;
  }

  private static ByteBuffer elements(ByteBuffer bytes, int first, int count) {
    return bytes
        .slice(bytes.position() + first * Float.BYTES, count * Float.BYTES)
        .order(ByteOrder.LITTLE_ENDIAN);
  }

  private void sum(double[] weights, int count) {
    if (weights.length == 3 && weights[0] == 1 && weights[1] == 1 && weights[2] == 1) {
      sumOfThree(values[0], values[1], values[2], sums, count); // what most merges are
      return;
    }
    scale(values[0], weights[0], sums, count);
    for (int m = 1; m < weights.length; m++) {
      add(values[m], weights[m], sums, count);
    }
  }

  private static void sumOfThree(float[] a, float[] b, float[] c, double[] sums, int count) {
    for (int i = 0; i < count; i++) {
      sums[i] = (double) a[i] + b[i] + c[i];
    }
  }

  private static void scale(float[] values, double weight, double[] sums, int count) {
    for (int i = 0; i < count; i++) {
      sums[i] = weight * values[i];
    }
  }

  private static void add(float[] values, double weight, double[] sums, int count) {
    for (int i = 0; i < count; i++) {
      sums[i] += weight * values[i];
    }
  }

  private static void divide(double[] sums, double divisor, int count) {
    for (int i = 0; i < count; i++) {
      sums[i] /= divisor;
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
