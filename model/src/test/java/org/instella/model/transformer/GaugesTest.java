package org.instella.model.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.ByteBuffer;
import java.util.SortedMap;
import org.instella.model.torch.TorchDevice;
import org.junit.jupiter.api.Test;

class GaugesTest {

  @Test
  void normsByKindAreThoseOfASlowLoop() {
    TransformerConfig config = TinyModel.CONFIG;
    try (Decoder decoder = Decoder.initialise(config, 7, TorchDevice.cpu(1));
        Gauges gauges = new Gauges(TorchDevice.cpu(1))) {
      FlatParameters weights = decoder.parameters();
      SortedMap<String, Double> norms = gauges.norms(weights);
      double all = 0;
      double queries = 0;
      for (TensorSpec tensor : weights.tensors()) {
        ByteBuffer values = weights.bytes(tensor.name());
        for (int i = 0; i < tensor.elements(); i++) {
          double value = values.getFloat(Float.BYTES * i);
          all += value * value;
          queries += tensor.name().endsWith("q_proj.weight") ? value * value : 0;
        }
      }
      // Sums of float64 in another order: 1e-12 is thousands of roundings.
      assertThat(norms.get("all")).isCloseTo(Math.sqrt(all), within(1e-12 * all));
      assertThat(norms.get("q_proj")).isCloseTo(Math.sqrt(queries), within(1e-12 * all));
      assertThat(norms)
          .containsKeys("embed_tokens", "lm_head", "norm", "down_proj", "pre_attention_layernorm");
    }
  }

  @Test
  void aDeviceMultipliesInBothPrecisions() {
    try (Gauges gauges = new Gauges(TorchDevice.cpu(1))) {
      assertThat(gauges.matmulFlopsPerSecond(false)).isBetween(1e7, 1e14);
      assertThat(gauges.matmulFlopsPerSecond(true)).isBetween(1e7, 1e14);
    }
  }
}
