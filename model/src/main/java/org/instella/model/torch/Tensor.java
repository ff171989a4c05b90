package org.instella.model.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.engine.PtNDArray;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A tensor in native memory, owned by the {@link TensorScope} it was made in or moved to.
 *
 * <p>Opaque on purpose: a bfloat16 tensor may pass through Java, but asking DJL for its type would
 * end the JVM. Read a tensor only where the program's text says which type it returns.
 */
public final class Tensor implements AutoCloseable {
  private final PtNDArray array;

  Tensor(NDArray array) {
    this.array = (PtNDArray) array;
  }

  PtNDArray array() {
    return array;
  }

  /** Copies a float32 tensor to the heap. */
  public float[] toFloats() {
    return array.toFloatArray();
  }

  /** Copies a float64 tensor to the heap. */
  public double[] toDoubles() {
    return array.toDoubleArray();
  }

  /** Copies an int64 tensor to the heap. */
  public long[] toLongs() {
    return array.toLongArray();
  }

  /**
   * The memory of a contiguous CPU tensor below 2 GiB, not a copy: what is written shows in the
   * tensor. Valid until the tensor's scope closes; the buffer does not keep the memory alive.
   */
  public ByteBuffer bytes() {
    return array.toByteBuffer(true).order(ByteOrder.nativeOrder());
  }

  /** Hands the tensor over to {@code scope}, which frees it from now on. */
  public Tensor moveTo(TensorScope scope) {
    array.attach(scope.manager());
    return this;
  }

  /** Frees this handle before its scope closes; the memory goes with the last view of it. */
  @Override
  public void close() {
    array.close();
  }
}
