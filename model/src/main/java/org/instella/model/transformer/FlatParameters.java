package org.instella.model.transformer;

import org.instella.model.torch.Precision;
import org.instella.model.torch.TorchDevice;

/**
 * The master weights of a model in one flat buffer.
 *
 * <p>Owns native memory until closed.
 */
public final class FlatParameters extends FlatTensors {
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
}
