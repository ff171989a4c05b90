package org.instella.train.parallel;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Floats in a direct buffer. */
public final class DirectMemory implements FloatMemory {
  private final ByteBuffer bytes;

  public DirectMemory(int elements) {
    bytes = ByteBuffer.allocateDirect(elements * Float.BYTES).order(ByteOrder.nativeOrder());
  }

  public static DirectMemory of(float... values) {
    DirectMemory memory = new DirectMemory(values.length);
    memory.bytes.asFloatBuffer().put(values);
    return memory;
  }

  public float[] toArray() {
    return toArray(new Slice(0, elements()));
  }

  public float[] toArray(Slice slice) {
    float[] values = new float[(int) slice.elements()];
    bytes.asFloatBuffer().get((int) slice.first(), values);
    return values;
  }

  @Override
  public long elements() {
    return bytes.capacity() / Float.BYTES;
  }

  @Override
  public ByteBuffer window(long first, int count) {
    return bytes
        .slice((int) first * Float.BYTES, count * Float.BYTES)
        .order(ByteOrder.nativeOrder());
  }
}
