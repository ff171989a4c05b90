package org.instella.model.transformer;

import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.instella.model.torch.FlatBuffer;
import org.instella.model.torch.Precision;
import org.instella.model.torch.TorchDevice;

/**
 * A flat buffer seen as the named tensors of a model; {@link FlatParameters} and {@link
 * FlatGradients} differ in meaning only, so that neither can be passed for the other.
 *
 * <p>The buffer is longer than the model: it is padded with zeros to a multiple of {@link
 * #PADDING}, so that 2, 4 ... 64 ranks own slices of equal length. No program writes the padding.
 */
public abstract sealed class FlatTensors implements AutoCloseable
    permits FlatParameters, FlatGradients {
  /** The length of a flat buffer is a multiple of this many elements. */
  public static final long PADDING = 1L << 20;

  private final TransformerConfig config;
  private final FlatBuffer buffer;
  private final Map<String, TensorSpec> byName = new LinkedHashMap<>();

  FlatTensors(TransformerConfig config, Precision precision, TorchDevice device) {
    this.config = config;
    this.buffer = FlatBuffer.zeros(device, precision, paddedLength(config));
    config.tensors().forEach(tensor -> byName.put(tensor.name(), tensor));
  }

  /** Elements of the flat buffer of such a model, padding included. */
  public static long paddedLength(TransformerConfig config) {
    return (config.parameterCount() + PADDING - 1) / PADDING * PADDING;
  }

  public TransformerConfig config() {
    return config;
  }

  /** The whole buffer, owned by this object. */
  public FlatBuffer buffer() {
    return buffer;
  }

  /** The tensors in canonical order. */
  public List<TensorSpec> tensors() {
    return List.copyOf(byName.values());
  }

  /**
   * Where a tensor lies.
   *
   * @throws IllegalArgumentException if the model has no such tensor
   */
  public TensorSpec tensor(String name) {
    TensorSpec tensor = byName.get(name);
    if (tensor == null) {
      throw new IllegalArgumentException("The model has no tensor " + name);
    }
    return tensor;
  }

  /** The memory of one tensor below 2 GiB, row by row, shared; CPU only. */
  public ByteBuffer bytes(String name) {
    TensorSpec tensor = tensor(name);
    return buffer.bytes(tensor.offset(), tensor.end());
  }

  /**
   * A window on the memory of one tensor, from element {@code first} on, shared; CPU only. As a
   * method reference this is what model folders are read into and written from: {@code
   * folder.load(parameters::window)}.
   *
   * @param elements how many are wanted at most
   * @return at least one element, at most 1 GiB
   */
  public ByteBuffer window(TensorSpec tensor, long first, int elements) {
    long most = FlatBuffer.WINDOW_BYTES / buffer.precision().bytes();
    long from = tensor.offset() + first;
    long to = Math.min(tensor.end(), from + Math.min(elements, most));
    return buffer.bytes(from, to);
  }

  /** The memory of one tensor of any size as windows of at most 1 GiB, shared; CPU only. */
  public List<ByteBuffer> windows(String name) {
    TensorSpec tensor = tensor(name);
    return buffer.windows(tensor.offset(), tensor.end());
  }

  @Override
  public void close() {
    buffer.close();
  }
}
