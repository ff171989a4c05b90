package org.instella.model.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * One long row of numbers in native memory: parameters, gradients or moments of a whole model.
 *
 * <p>Owns its memory until {@link #close}. Byte buffers handed out are windows on that memory, not
 * copies, and must not be used after the close.
 */
public final class FlatBuffer implements AutoCloseable {
  /** Longest window in bytes: well below what one ByteBuffer can address. */
  public static final long WINDOW_BYTES = 1L << 30;

  private final TorchDevice device;
  private final Precision precision;
  private final long length;
  private final TensorScope scope;
  private final Tensor tensor;

  private FlatBuffer(
      TorchDevice device, Precision precision, long length, TensorScope scope, Tensor tensor) {
    this.device = device;
    this.precision = precision;
    this.length = length;
    this.scope = scope;
    this.tensor = tensor;
  }

  /** Moves between devices; compiled when the first buffer is moved. */
  private static final class Moves {
    static final TorchProgram PROGRAM =
        TorchProgram.load("memory.py", Map.of(), TorchDevice.cpu(1));
  }

  /**
   * A buffer filled with zeros.
   *
   * @param length number of elements
   * @throws org.instella.conf.error.EnvironmentException if the device is missing
   */
  public static FlatBuffer zeros(TorchDevice device, Precision precision, long length) {
    TensorScope scope = TensorScope.open(device);
    return new FlatBuffer(device, precision, length, scope, scope.zeros(precision, length));
  }

  /**
   * Zeros in host memory, for what goes to or comes from {@code near}: pinned where that is a card,
   * so that copies run at the full speed of the bus.
   */
  public static FlatBuffer host(TorchDevice near, Precision precision, long length) {
    TorchDevice cpu = TorchDevice.cpu(near.threads());
    if (near.kind() == TorchDevice.Kind.CPU) {
      return zeros(cpu, precision, length);
    }
    TensorScope scope = TensorScope.open(cpu);
    Tensor pinned =
        Moves.PROGRAM.call("pinned", scope, length, precision.scalarType()).get(0).moveTo(scope);
    return new FlatBuffer(cpu, precision, length, scope, pinned);
  }

  /** {@code this[from + i] = source[from + i]} for i below {@code to - from}, across devices. */
  public void copyFrom(FlatBuffer source, long from, long to) {
    Objects.checkFromToIndex(from, to, Math.min(length, source.length));
    try (TensorScope scratch = TensorScope.open(TorchDevice.cpu(1))) {
      Moves.PROGRAM.call("copy", scratch, tensor, from, source.tensor, from, to - from);
    }
  }

  /** Whether Java can address the memory. */
  public boolean onHost() {
    return device.kind() == TorchDevice.Kind.CPU;
  }

  /** Address of the first element in the memory of its device; valid until the close. */
  public long address() {
    return TorchAbi.address(tensor.array().getHandle());
  }

  /**
   * Fills this buffer from the host: {@code body} writes into this buffer's own memory, or into a
   * host copy that then goes to the card.
   */
  public void writeOnHost(Consumer<FlatBuffer> body) {
    if (onHost()) {
      body.accept(this);
      return;
    }
    try (FlatBuffer staged = host(device, precision, length)) {
      body.accept(staged);
      copyFrom(staged, 0, length);
    }
  }

  /** Shows this buffer to the host: itself, or a copy of what is on the card. */
  public void readOnHost(Consumer<FlatBuffer> body) {
    if (onHost()) {
      body.accept(this);
      return;
    }
    try (FlatBuffer staged = host(device, precision, length)) {
      staged.copyFrom(this, 0, length);
      body.accept(staged);
    }
  }

  public TorchDevice device() {
    return device;
  }

  public Precision precision() {
    return precision;
  }

  /** Number of elements. */
  public long length() {
    return length;
  }

  /** The whole buffer as an argument for a program; stays owned by this buffer. */
  public Tensor tensor() {
    return tensor;
  }

  /**
   * The memory of elements [from, to), in the byte order of the machine. CPU only.
   *
   * @throws IllegalArgumentException if the range has 2 GiB or more; take {@link #windows} then
   */
  public ByteBuffer bytes(long from, long to) {
    Objects.checkFromToIndex(from, to, length);
    if (device.kind() != TorchDevice.Kind.CPU) {
      throw new UnsupportedOperationException(
          "the memory of %s is not addressable from Java; go through readOnHost or writeOnHost"
              .formatted(device));
    }
    if (Math.multiplyExact(to - from, precision.bytes()) > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "elements %d to %d do not fit into one ByteBuffer".formatted(from, to));
    }
    if (from == to) {
      return ByteBuffer.allocateDirect(0);
    }
    try (NDArray view = tensor.array().get(new NDIndex().addSliceDim(from, to))) {
      return view.toByteBuffer(true).order(ByteOrder.nativeOrder());
    }
  }

  /** The memory of elements [from, to) as windows of at most {@link #WINDOW_BYTES}, in order. */
  public List<ByteBuffer> windows(long from, long to) {
    long step = WINDOW_BYTES / precision.bytes();
    List<ByteBuffer> windows = new ArrayList<>();
    for (long at = from; at < to; at += step) {
      windows.add(bytes(at, Math.min(to, at + step)));
    }
    return windows;
  }

  /** Sets every element. */
  public void fill(double value) {
    writeOnHost(host -> host.fillOnHost(value));
  }

  private void fillOnHost(double value) {
    for (ByteBuffer window : windows(0, length)) {
      while (window.hasRemaining()) {
        switch (precision) {
          case FLOAT32 -> window.putFloat((float) value);
          case FLOAT64 -> window.putDouble(value);
        }
      }
    }
  }

  @Override
  public void close() {
    scope.close();
  }
}
