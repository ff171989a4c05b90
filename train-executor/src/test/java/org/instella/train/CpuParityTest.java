package org.instella.train;

import org.instella.model.torch.TorchDevice;
import org.instella.model.transformer.TransformerConfig;

/**
 * The suite for cards, run where there is none: two threads of the CPU round otherwise than one, so
 * its tolerances are tried too.
 */
class CpuParityTest extends DeviceParityContract {

  @Override
  TorchDevice device() {
    return TorchDevice.cpu(2);
  }

  @Override
  String recipe() {
    return "device = cpu, threads = 2";
  }

  @Override
  Shape speedShape() {
    return new Shape(
        new TransformerConfig(2, 128, 4, 4, 32, 344, 1024, 1e-5, 1e4, 128, false, 0, 0, 1),
        2,
        128,
        false,
        3);
  }
}
