package org.instella.model.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.instella.model.torch.ResidentMemory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class DecoderGradientTest {
  private static final DecoderSettings DEFAULT = DecoderSettings.DEFAULT;
  private static final int BATCH = 2;
  private static final int SEQUENCE = 24;

  static Stream<Arguments> settings() {
    TransformerConfig grouped = TinyModel.CONFIG;
    TransformerConfig full =
        new TransformerConfig(3, 48, 3, 3, 16, 64, 96, 1e-5, 10000, 300, false, 0, 0, -1);
    TransformerConfig tied =
        new TransformerConfig(2, 64, 4, 1, 16, 96, 128, 1e-5, 500000, 300, true, 0, 0, 1);
    return Stream.of(
        Arguments.of("plain", full, DEFAULT, 24, false),
        Arguments.of("grouped heads", grouped, DEFAULT, 24, false),
        Arguments.of("tied head", tied, DEFAULT, 24, false),
        Arguments.of("every block again", full, DEFAULT.withRecomputeEvery(1), 24, false),
        Arguments.of("every second block again", full, DEFAULT.withRecomputeEvery(2), 24, false),
        Arguments.of("head in parts of 7", tied, DEFAULT.withHeadChunk(7), 24, false),
        Arguments.of("documents", grouped, DEFAULT, 24, true),
        Arguments.of("one token", full, DEFAULT, 1, false),
        Arguments.of("three blocks of queries", full, DEFAULT, 137, false),
        Arguments.of("three blocks, grouped, documents", tied, DEFAULT, 151, true),
        Arguments.of("flash kernel", full, DEFAULT, 257, false),
        Arguments.of("flash kernel, grouped, documents", tied, DEFAULT, 269, true),
        Arguments.of(
            "all together", tied, DEFAULT.withRecomputeEvery(2).withHeadChunk(5), 131, true));
  }

  /** In float64 a central difference is good to about 1e-9; a wrong term is off by far more. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("settings")
  void gradientsAreTheSlopesOfTheLoss(
      String name,
      TransformerConfig config,
      DecoderSettings settings,
      int sequence,
      boolean documents) {
    MicroBatch batch = batch(config, sequence, documents);
    try (Decoder single = TinyModel.decoder(config, 5, settings);
        Decoder decoder = new Decoder(single.parameters().toFloat64(), settings);
        FlatGradients gradients = FlatGradients.like(decoder.parameters())) {
      gradients.buffer().fill(Double.NaN);
      double scale = 0.125;
      decoder.accumulate(batch, scale, gradients, GradientsReady.IGNORED);
      for (TensorSpec tensor : config.tensors()) {
        double[] direction =
            new Random(tensor.offset()).doubles(tensor.elements(), -1, 1).toArray();
        double slope = 0;
        ByteBuffer gradient = gradients.bytes(tensor.name());
        for (double along : direction) {
          slope += along * gradient.getDouble();
        }
        double step = 1e-5;
        double up = lossAfterStep(decoder, batch, tensor, direction, step);
        double down = lossAfterStep(decoder, batch, tensor, direction, -2 * step);
        lossAfterStep(decoder, batch, tensor, direction, step);
        double expected = scale * (up - down) / (2 * step);
        assertThat(slope)
            .as("slope along a direction of " + tensor.name())
            .isEqualTo(expected, within(1e-6 * Math.max(1e-2, Math.abs(expected))));
      }
    }
  }

  private static double lossAfterStep(
      Decoder decoder, MicroBatch batch, TensorSpec tensor, double[] direction, double step) {
    ByteBuffer memory = decoder.parameters().bytes(tensor.name());
    for (int i = 0; i < direction.length; i++) {
      memory.putDouble(8 * i, memory.getDouble(8 * i) + step * direction[i]);
    }
    decoder.parametersChanged();
    return decoder.lossSum(batch);
  }

  @Test
  void runningBlocksAgainGivesTheSameBits() {
    MicroBatch batch = batch(TinyModel.CONFIG, false);
    float[] kept = gradients(DEFAULT, batch);
    assertThat(gradients(DEFAULT.withRecomputeEvery(1), batch)).isEqualTo(kept);
    assertThat(gradients(DEFAULT.withRecomputeEvery(2), batch)).isEqualTo(kept);
  }

  @Test
  void everyRunGivesTheSameBits() {
    MicroBatch batch = batch(TinyModel.CONFIG, true);
    assertThat(gradients(DEFAULT, batch)).isEqualTo(gradients(DEFAULT, batch));
  }

  @Test
  void bfloat16StaysNearFullPrecision() {
    MicroBatch batch = batch(TinyModel.CONFIG, false);
    float[] full = gradients(DEFAULT, batch);
    float[] half =
        gradients(
            DEFAULT.withCompute(DecoderSettings.Compute.BFLOAT16).withRecomputeEvery(2), batch);
    double dot = 0;
    double fullSquare = 0;
    double halfSquare = 0;
    for (int i = 0; i < full.length; i++) {
      dot += (double) full[i] * half[i];
      fullSquare += (double) full[i] * full[i];
      halfSquare += (double) half[i] * half[i];
    }
    // Eight bits of mantissa leave an angle of about one percent.
    assertThat(dot / Math.sqrt(fullSquare * halfSquare)).isGreaterThan(0.999);
    assertThat(Math.sqrt(halfSquare / fullSquare)).isEqualTo(1, within(0.02));
  }

  @Test
  void aStepOfTheMasterWeightsReachesTheBfloat16Copy() {
    MicroBatch batch = batch(TinyModel.CONFIG, false);
    try (Decoder decoder =
        TinyModel.decoder(
            TinyModel.CONFIG, 1, DEFAULT.withCompute(DecoderSettings.Compute.BFLOAT16))) {
      double before = decoder.lossSum(batch);
      decoder.parameters().buffer().fill(0);
      decoder.parametersChanged();
      double uniform = batch.tokens().length * Math.log(TinyModel.CONFIG.vocabularySize());
      assertThat(decoder.lossSum(batch)).isEqualTo(uniform, within(1e-3)).isNotEqualTo(before);
    }
  }

  @Test
  void documentsOfARowDoNotSeeEachOther() {
    int[] first = TinyModel.tokens(10, 1);
    int[] second = TinyModel.tokens(14, 2);
    int[] row = concat(first, second);
    int[] numbers = new int[row.length];
    Arrays.fill(numbers, first.length, row.length, 1);
    int[] targets = TinyModel.tokens(row.length, 3);
    try (Decoder decoder = TinyModel.decoder(4)) {
      double[] together =
          decoder.targetLogProbabilities(
              new MicroBatch(row, targets, 1, row.length, Optional.of(numbers)));
      double[] alone =
          decoder.targetLogProbabilities(
              new MicroBatch(second, Arrays.copyOfRange(targets, 10, 24), 1, second.length));
      // Positions are relative in rotary attention, so only rounding differs.
      assertThat(Arrays.copyOfRange(together, 10, 24)).containsExactly(alone, within(1e-5));
    }
  }

  @Test
  void negativeTargetsCountForNothing() {
    int[] tokens = TinyModel.tokens(BATCH * SEQUENCE, 7);
    int[] none = new int[tokens.length];
    Arrays.fill(none, -1);
    try (Decoder decoder = TinyModel.decoder(4);
        FlatGradients gradients = FlatGradients.like(decoder.parameters())) {
      gradients.buffer().fill(Double.NaN);
      assertThat(decoder.accumulate(tokens, none, BATCH, SEQUENCE, 1, gradients)).isZero();
      for (TensorSpec tensor : decoder.config().tensors()) {
        ByteBuffer memory = gradients.bytes(tensor.name());
        while (memory.hasRemaining()) {
          assertThat(memory.getFloat()).as(tensor.name()).isZero();
        }
      }
    }
  }

  @Test
  void gradientsBecomeReadyFromTheEndToTheStartEachOnce() {
    try (Decoder decoder = TinyModel.decoder(4);
        FlatGradients gradients = FlatGradients.like(decoder.parameters())) {
      List<Long> borders = new ArrayList<>(List.of(decoder.config().parameterCount()));
      decoder.accumulate(
          batch(TinyModel.CONFIG, false),
          1,
          gradients,
          (from, to) -> {
            assertThat(to).isEqualTo(borders.get(borders.size() - 1));
            borders.add(from);
          });
      assertThat(borders).hasSize(1 + 1 + TinyModel.CONFIG.layers() + 1).endsWith(0L);
    }
  }

  @Test
  void memoryStaysFlatOverManySteps() {
    int count = 2 * TinyModel.CONFIG.maxPositions();
    MicroBatch batch =
        new MicroBatch(TinyModel.tokens(count, 1), TinyModel.tokens(count, 2), 2, count / 2);
    try (Decoder decoder = TinyModel.decoder(4);
        FlatGradients gradients = FlatGradients.like(decoder.parameters())) {
      ResidentMemory.settle();
      long before = 0;
      for (int step = 0; step < 800; step++) {
        decoder.accumulate(batch, 1, gradients, GradientsReady.IGNORED);
        if (step == 200) {
          before = ResidentMemory.bytes();
        }
      }
      // One leaked activation of 256 tokens by 64 is 64 kB a step, 39 MB over 600 steps; the JVM's
      // own growth (compiled code, heap) was 3 to 12 MB.
      assertThat(ResidentMemory.bytes() - before).isLessThan(20L << 20);
    }
  }

  @Test
  void tokensOutsideTheVocabularyAreRefused() {
    try (Decoder decoder = TinyModel.decoder(4)) {
      assertThatThrownBy(() -> decoder.lossSum(new int[] {256}, new int[] {1}, 1, 1))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("token id 256 is outside the model's vocabulary of 256");
      assertThatThrownBy(() -> decoder.lossSum(new int[129], new int[129], 1, 129))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("129 tokens are more than the 128 positions of the model");
    }
  }

  private static float[] gradients(DecoderSettings settings, MicroBatch batch) {
    try (Decoder decoder = TinyModel.decoder(TinyModel.CONFIG, 11, settings);
        FlatGradients gradients = FlatGradients.like(decoder.parameters())) {
      decoder.accumulate(batch, 1.0 / batch.tokens().length, gradients, GradientsReady.IGNORED);
      float[] values = new float[(int) decoder.config().parameterCount()];
      gradients.buffer().bytes(0, values.length).asFloatBuffer().get(values);
      return values;
    }
  }

  private static MicroBatch batch(TransformerConfig config, boolean documents) {
    return batch(config, SEQUENCE, documents);
  }

  private static MicroBatch batch(TransformerConfig config, int sequence, boolean documents) {
    Random random = new Random(13);
    int[] tokens = random.ints(BATCH * sequence, 2, config.vocabularySize()).toArray();
    int[] targets = random.ints(BATCH * sequence, 0, config.vocabularySize()).toArray();
    int[] numbers = new int[tokens.length];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = i / 9;
    }
    if (documents) {
      Arrays.fill(targets, 3, 6, -100);
    }
    return new MicroBatch(
        tokens, targets, BATCH, sequence, documents ? Optional.of(numbers) : Optional.empty());
  }

  private static int[] concat(int[] first, int[] second) {
    int[] all = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, all, first.length, second.length);
    return all;
  }
}
