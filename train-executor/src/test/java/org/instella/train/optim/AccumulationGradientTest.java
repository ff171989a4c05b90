package org.instella.train.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.instella.model.torch.TorchDevice;
import org.instella.model.transformer.Decoder;
import org.instella.model.transformer.DecoderSettings;
import org.instella.model.transformer.FlatGradients;
import org.instella.model.transformer.FlatParameters;
import org.instella.model.transformer.GradientsReady;
import org.instella.model.transformer.MicroBatch;
import org.instella.model.transformer.OptimizerKernels;
import org.instella.model.transformer.TinyModel;
import org.instella.model.transformer.TransformerConfig;
import org.instella.train.parallel.Reduction;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Gradients of micro-batches with different numbers of targets, summed, against one whole batch.
 */
class AccumulationGradientTest {
  private static final TransformerConfig SHAPE =
      new TransformerConfig(2, 32, 2, 1, 16, 48, 96, 1e-5, 10000, 64, false, 0, 0, -1);
  private static final int ROWS = 2;
  private static final int SEQUENCE = 19;

  /**
   * In float64 the order of a sum is worth 1e-15 of its terms; gradients here are sums of terms up
   * to a few hundred times as large. A micro-batch that counts by its own targets, or is left out
   * or used twice, is off by several percent.
   */
  @ParameterizedTest(name = "{0} micro-batches, {1}, last by ranges: {2}")
  @CsvSource({
    "1, EXACT, false",
    "2, EXACT, true",
    "3, EXACT, true",
    "4, EXACT, false",
    "6, EXACT, true",
    "7, EXACT, false",
    "8, EXACT, true",
    "5, FAST, true",
    "6, FAST, false"
  })
  void sumIsTheGradientOfTheWholeBatch(int count, Reduction reduction, boolean ranges) {
    int[] tokens = new Random(3).ints(count * ROWS * SEQUENCE, 0, 96).toArray();
    int[] targets = new Random(4).ints(tokens.length, 0, 96).toArray();
    for (int i = 0; i < count; i++) {
      int from = i * ROWS * SEQUENCE;
      Arrays.fill(targets, from, from + 4 * i, -100); // none, 4, 8 ... targets fewer
    }
    double scale = 1.0 / Arrays.stream(targets).filter(target -> target >= 0).count();
    try (Decoder single = TinyModel.decoder(SHAPE, 5, DecoderSettings.DEFAULT);
        Decoder decoder = new Decoder(single.parameters().toFloat64());
        OptimizerKernels kernels = new OptimizerKernels(TorchDevice.cpu(1));
        FlatGradients whole = FlatGradients.like(decoder.parameters());
        GradientTree tree = new GradientTree(decoder.parameters(), kernels, reduction, count, 1)) {
      double loss =
          decoder.accumulate(
              new MicroBatch(tokens, targets, count * ROWS, SEQUENCE),
              scale,
              whole,
              GradientsReady.IGNORED);
      double sum = 0;
      FlatGradients total = null;
      for (int i = 0; i < count; i++) {
        int from = i * ROWS * SEQUENCE;
        int to = from + ROWS * SEQUENCE;
        MicroBatch part =
            new MicroBatch(
                Arrays.copyOfRange(tokens, from, to),
                Arrays.copyOfRange(targets, from, to),
                ROWS,
                SEQUENCE);
        FlatGradients leaf = tree.next();
        leaf.buffer().fill(Double.NaN);
        if (i == count - 1 && ranges) {
          GradientTree.Finish finish = tree.finish(leaf);
          sum += decoder.accumulate(part, scale, leaf, finish::merge);
          total = finish.sum();
        } else {
          sum += decoder.accumulate(part, scale, leaf, GradientsReady.IGNORED);
          tree.push(leaf);
        }
      }
      total = ranges ? total : tree.sum();
      assertThat(sum).isEqualTo(loss, within(1e-12 * loss));
      requireEqual(decoder.parameters(), total, whole);
    }
  }

  private static void requireEqual(FlatParameters shape, FlatGradients found, FlatGradients other) {
    long end = shape.config().parameterCount();
    ByteBuffer sum = found.buffer().bytes(0, end);
    ByteBuffer whole = other.buffer().bytes(0, end);
    double difference = 0;
    double length = 0;
    while (whole.hasRemaining()) {
      double expected = whole.getDouble();
      difference += Math.pow(sum.getDouble() - expected, 2);
      length += expected * expected;
    }
    assertThat(Math.sqrt(difference / length)).isLessThan(1e-12);
  }
}
