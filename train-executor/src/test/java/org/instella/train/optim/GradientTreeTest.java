package org.instella.train.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.instella.model.torch.TorchDevice;
import org.instella.model.transformer.FlatGradients;
import org.instella.model.transformer.FlatParameters;
import org.instella.model.transformer.OptimizerKernels;
import org.instella.model.transformer.TransformerConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GradientTreeTest {
  private static final TransformerConfig TINY =
      new TransformerConfig(1, 8, 2, 2, 4, 8, 16, 1e-5, 1e4, 16, false, 0, 0, 1);

  /** Sums of the ranks' subtrees, merged as the ranks merge them. */
  private static float[] sum(int microBatches, int ranks) {
    TorchDevice cpu = TorchDevice.cpu(1);
    try (FlatParameters parameters = FlatParameters.allocate(TINY, cpu);
        OptimizerKernels kernels = new OptimizerKernels(cpu)) {
      List<float[]> level = new ArrayList<>();
      for (int rank = 0; rank < ranks; rank++) {
        try (GradientTree tree = new GradientTree(parameters, kernels, microBatches, ranks)) {
          for (int i = 0; i < microBatches / ranks; i++) {
            FlatGradients leaf = tree.next();
            fill(leaf, rank * (microBatches / ranks) + i);
            tree.push(leaf);
          }
          float[] own = new float[1000];
          tree.sum().buffer().bytes(0, 1000).asFloatBuffer().get(own);
          level.add(own);
        }
      }
      while (level.size() > 1) {
        List<float[]> above = new ArrayList<>();
        for (int i = 0; i < level.size(); i += 2) {
          float[] merged = level.get(i).clone();
          for (int j = 0; j < merged.length; j++) {
            merged[j] += level.get(i + 1)[j];
          }
          above.add(merged);
        }
        level = above;
      }
      return level.get(0);
    }
  }

  private static void fill(FlatGradients leaf, int number) {
    Random random = new Random(number);
    var floats = leaf.buffer().bytes(0, 1000).asFloatBuffer();
    for (int i = 0; i < 1000; i++) {
      floats.put(i, (float) (random.nextGaussian() * Math.pow(10, random.nextInt(6))));
    }
  }

  @ParameterizedTest(name = "{0} micro-batches on {1} ranks")
  @CsvSource({"8, 2", "8, 4", "8, 8", "12, 2", "12, 4", "24, 8", "6, 2", "20, 4"})
  void everyWidthSumsAlongTheSameTree(int microBatches, int ranks) {
    assertThat(sum(microBatches, ranks)).isEqualTo(sum(microBatches, 1));
  }

  @Test
  void threeRanksAreRefused() {
    assertThatThrownBy(() -> sum(6, 3)).hasMessageContaining("equal subtrees for 3 ranks");
  }
}
