package org.instella.train;

import org.instella.model.torch.TorchDevice;
import org.instella.model.transformer.TransformerConfig;
import org.instella.train.parallel.FirstCard;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;

/** The first card against the CPU: {@code mvn -B verify -Pgpu}. */
@Tag("gpu")
class GpuParityTest extends DeviceParityContract {

  @BeforeAll
  static void thereIsACard() {
    FirstCard.orSkip();
  }

  @Override
  TorchDevice device() {
    return TorchDevice.gpu(0);
  }

  @Override
  String recipe() {
    return "device = \"gpu:0\"";
  }

  /** 0.4 billion parameters at the sequence length of the 3B recipes, cut in half. */
  @Override
  Shape speedShape() {
    return new Shape(
        new TransformerConfig(16, 1024, 16, 16, 64, 4096, 50304, 1e-5, 1e4, 4096, false, 0, 0, 1),
        4,
        2048,
        true,
        10);
  }
}
