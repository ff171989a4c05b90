package org.instella.model.torch;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

/**
 * Owner of native tensors: all that is made in a scope, or returned to it by a program, is freed
 * when the scope is closed. Use one scope per call of a long loop.
 *
 * <p>Not for use by two threads at a time.
 */
public final class TensorScope implements AutoCloseable {
  private final NDManager manager;

  private TensorScope(NDManager manager) {
    this.manager = manager;
  }

  /**
   * A scope of its own on {@code device}.
   *
   * @throws org.instella.conf.error.EnvironmentException if the device is missing
   */
  public static TensorScope open(TorchDevice device) {
    device.require();
    return new TensorScope(TorchEngine.start().newBaseManager(device.djl()));
  }

  NDManager manager() {
    return manager;
  }

  /** A scope that is closed with this one at the latest. */
  public TensorScope child() {
    return new TensorScope(manager.newSubManager());
  }

  public Tensor ofInts(int[] values, long... shape) {
    return new Tensor(manager.create(values, new Shape(shape)));
  }

  public Tensor ofLongs(long[] values, long... shape) {
    return new Tensor(manager.create(values, new Shape(shape)));
  }

  public Tensor ofFloats(float[] values, long... shape) {
    return new Tensor(manager.create(values, new Shape(shape)));
  }

  public Tensor ofDoubles(double[] values, long... shape) {
    return new Tensor(manager.create(values, new Shape(shape)));
  }

  public Tensor zeros(Precision precision, long... shape) {
    return new Tensor(manager.zeros(new Shape(shape), precision.djl()));
  }

  /** Number of tensors and scopes that this scope owns; a leak check for tests. */
  public int size() {
    return manager.getManagedArrays().size();
  }

  @Override
  public void close() {
    manager.close();
  }
}
