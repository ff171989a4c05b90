package org.instella.ensemble.method;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Means of float32 without vector instructions for conversions, which Java 17 does not find. */
final class ScalarFloatMean implements MeanKernel {
  private static final int BLOCK = 1 << 13;

  private float[][] values = new float[0][];
  private final float[] result = new float[BLOCK];

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
      finite = mean(weights, divisor, length);
      elements(merged, done, length).asFloatBuffer().put(result, 0, length);
    }
    return finite;
  }

  private static ByteBuffer elements(ByteBuffer bytes, int first, int count) {
    return bytes
        .slice(bytes.position() + first * Float.BYTES, count * Float.BYTES)
        .order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Whether all results are finite: where an element of a model is not, its result is not. */
  private boolean mean(double[] weights, double divisor, int count) {
    if (weights.length == 3 && weights[0] == 1 && weights[1] == 1 && weights[2] == 1) {
      return meanOfThree(values[0], values[1], values[2], divisor, count);
    }
    int carry = 0;
    for (int i = 0; i < count; i++) {
      double sum = weights[0] * values[0][i];
      for (int m = 1; m < weights.length; m++) {
        sum += weights[m] * values[m][i];
      }
      float mean = (float) (sum / divisor);
      result[i] = mean;
      carry |= (Float.floatToRawIntBits(mean) & 0x7f80_0000) + 0x0080_0000;
    }
    return carry >= 0;
  }

  /** What most merges are, without the products by one: a third faster. */
  private boolean meanOfThree(float[] a, float[] b, float[] c, double models, int count) {
    int carry = 0;
    for (int i = 0; i < count; i++) {
      float mean = (float) (((double) a[i] + b[i] + c[i]) / models);
      result[i] = mean;
      carry |= (Float.floatToRawIntBits(mean) & 0x7f80_0000) + 0x0080_0000;
    }
    return carry >= 0;
  }
}
