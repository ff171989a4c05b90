package org.instella.model.transformer;

import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.instella.model.torch.Precision;
import org.instella.model.torch.TorchDevice;

/**
 * The master weights of a model in one flat buffer.
 *
 * <p>Owns native memory until closed.
 */
public final class FlatParameters extends FlatTensors {
  private static final int COPY_ELEMENTS = 1 << 20;

  private FlatParameters(TransformerConfig config, Precision precision, TorchDevice device) {
    super(config, precision, device);
  }

  /** All zeros, float32. */
  public static FlatParameters allocate(TransformerConfig config, TorchDevice device) {
    return allocate(config, Precision.FLOAT32, device);
  }

  /** All zeros. */
  public static FlatParameters allocate(
      TransformerConfig config, Precision precision, TorchDevice device) {
    return new FlatParameters(config, precision, device);
  }

  /**
   * Lets {@code body} fill these weights from the host: in place, or in a host copy that then goes
   * to the card.
   */
  public void writeOnHost(Consumer<FlatParameters> body) {
    if (buffer().onHost()) {
      body.accept(this);
      return;
    }
    TorchDevice host = TorchDevice.cpu(buffer().device().threads());
    try (FlatParameters staged = allocate(config(), buffer().precision(), host)) {
      body.accept(staged);
      buffer().copyFrom(staged.buffer(), 0, buffer().length());
    }
  }

  /** A copy of these float32 weights in float64, for gradient checks; the caller closes it. */
  public FlatParameters toFloat64() {
    FlatParameters wide = allocate(config(), Precision.FLOAT64, buffer().device());
    for (TensorSpec tensor : tensors()) {
      for (long at = 0; at < tensor.elements(); at += COPY_ELEMENTS) {
        ByteBuffer from = window(tensor, at, COPY_ELEMENTS);
        ByteBuffer to = wide.window(tensor, at, COPY_ELEMENTS);
        while (from.hasRemaining()) {
          to.putDouble(from.getFloat());
        }
      }
    }
    return wide;
  }
}
