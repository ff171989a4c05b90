package org.instella.model.transformer;

import org.instella.model.torch.Precision;
import org.instella.model.torch.TorchDevice;

/**
 * The gradients of a model in one flat buffer of the same layout as its {@link FlatParameters}.
 *
 * <p>Owns native memory until closed.
 */
public final class FlatGradients extends FlatTensors {
  private FlatGradients(TransformerConfig config, Precision precision, TorchDevice device) {
    super(config, precision, device);
  }

  /** All zeros, on the device and in the precision of {@code parameters}. */
  public static FlatGradients like(FlatParameters parameters) {
    return new FlatGradients(
        parameters.config(), parameters.buffer().precision(), parameters.buffer().device());
  }
}
