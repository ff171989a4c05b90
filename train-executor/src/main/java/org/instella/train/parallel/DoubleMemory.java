package org.instella.train.parallel;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Doubles in the clothes of floats, so that small sums travel as tensors do: own values first, then
 * theirs.
 */
final class DoubleMemory implements FloatMemory {
  private final int length;
  private final ByteBuffer bytes;

  DoubleMemory(int length) {
    this.length = length;
    bytes = ByteBuffer.allocateDirect(2 * Double.BYTES * length).order(ByteOrder.nativeOrder());
  }

  Slice outgoing() {
    return new Slice(0, 2L * length);
  }

  Slice incoming() {
    return new Slice(2L * length, 2L * length);
  }

  void put(double[] values) {
    bytes.clear().asDoubleBuffer().put(values);
  }

  void addIncoming(double[] values) {
    for (int i = 0; i < length; i++) {
      values[i] += bytes.getDouble(Double.BYTES * (length + i));
    }
  }

  @Override
  public long elements() {
    return 4L * length;
  }

  @Override
  public ByteBuffer window(long first, int count) {
    return bytes
        .slice(Math.toIntExact(first * Float.BYTES), count * Float.BYTES)
        .order(ByteOrder.nativeOrder());
  }
}
