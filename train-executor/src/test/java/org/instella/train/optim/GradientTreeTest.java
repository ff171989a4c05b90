package org.instella.train.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.instella.model.torch.TorchDevice;
import org.instella.model.transformer.FlatGradients;
import org.instella.model.transformer.FlatParameters;
import org.instella.model.transformer.OptimizerKernels;
import org.instella.model.transformer.TransformerConfig;
import org.instella.train.parallel.Reduction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GradientTreeTest {
  private static final TransformerConfig TINY =
      new TransformerConfig(1, 8, 2, 2, 4, 8, 16, 1e-5, 1e4, 16, false, 0, 0, 1);

  /** Sums of the ranks' subtrees, merged as the ranks merge them. */
  private static float[] sum(int microBatches, int ranks) {
    return sum(microBatches, ranks, false);
  }

  private static float[] sum(int microBatches, int ranks, boolean lastByRanges) {
    TorchDevice cpu = TorchDevice.cpu(1);
    try (FlatParameters parameters = FlatParameters.allocate(TINY, cpu);
        OptimizerKernels kernels = new OptimizerKernels(cpu)) {
      List<float[]> level = new ArrayList<>();
      for (int rank = 0; rank < ranks; rank++) {
        try (GradientTree tree =
            new GradientTree(parameters, kernels, Reduction.EXACT, microBatches, ranks)) {
          int leaves = microBatches / ranks;
          for (int i = 0; i < leaves - 1; i++) {
            FlatGradients leaf = tree.next();
            fill(leaf, rank * leaves + i);
            tree.push(leaf);
          }
          FlatGradients last = tree.next();
          int number = rank * leaves + leaves - 1;
          FlatGradients total =
              lastByRanges ? byRanges(tree, last, number) : whole(tree, last, number);
          float[] own = new float[1000];
          total.buffer().bytes(0, 1000).asFloatBuffer().get(own);
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

  private static FlatGradients whole(GradientTree tree, FlatGradients last, int number) {
    fill(last, number);
    tree.push(last);
    return tree.sum();
  }

  /** As a backward pass does: nothing is final before it is told to be. */
  private static FlatGradients byRanges(GradientTree tree, FlatGradients last, int number) {
    GradientTree.Finish finish = tree.finish(last);
    fill(last, number);
    finish.merge(700, 1000);
    finish.merge(699, 700);
    finish.merge(0, 699);
    return finish.sum();
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

  @ParameterizedTest(name = "{0} micro-batches on {1} ranks")
  @CsvSource({"1, 1", "2, 2", "8, 1", "8, 2", "12, 1", "12, 4", "24, 2", "6, 1", "7, 1"})
  void theLastMicroBatchMayArriveInRanges(int microBatches, int ranks) {
    assertThat(sum(microBatches, ranks, true)).isEqualTo(sum(microBatches, ranks, false));
  }

  @Test
  void theFastOrderNeedsTwoBuffersForAnyNumberOfMicroBatches() {
    TorchDevice cpu = TorchDevice.cpu(1);
    try (FlatParameters parameters = FlatParameters.allocate(TINY, cpu);
        OptimizerKernels kernels = new OptimizerKernels(cpu);
        GradientTree tree = new GradientTree(parameters, kernels, Reduction.FAST, 32, 2)) {
      Set<FlatGradients> used = new HashSet<>();
      float[] expected = new float[1000];
      for (int i = 0; i < 16; i++) {
        FlatGradients leaf = tree.next();
        used.add(leaf);
        fill(leaf, i);
        for (int j = 0; j < 1000; j++) {
          expected[j] += leaf.buffer().bytes(0, 1000).getFloat(4 * j);
        }
        tree.push(leaf);
      }
      float[] sum = new float[1000];
      tree.sum().buffer().bytes(0, 1000).asFloatBuffer().get(sum);
      assertThat(sum).isEqualTo(expected);
      assertThat(used).hasSize(2);
    }
  }

  @Test
  void threeRanksAreRefused() {
    assertThatThrownBy(() -> sum(6, 3)).hasMessageContaining("equal subtrees for 3 ranks");
  }
}
