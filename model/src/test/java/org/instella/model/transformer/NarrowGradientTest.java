package org.instella.model.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.instella.model.torch.TorchDevice;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Gradients of narrower numbers against float64 with the very same weights, tensor by tensor: the
 * length of the difference over the length of the gradient.
 *
 * <p>A number is rounded some 15 times on its way through a block and back, so 50 times in these
 * models; roundings are independent, so their errors add up to about sqrt(50) = 7 units: 7 * 2^-9 =
 * 1.4 % in bfloat16 and 7 * 2^-24 in float32, where sums of up to a few hundred products weigh
 * another factor of 3. The tolerances are three times that; leaving out one target of 48 is beyond
 * them in every tensor, the angles of a slightly different rotary base in the weights of queries
 * and keys.
 */
class NarrowGradientTest {
  private static final double BFLOAT16 = 3 * 7 * Math.pow(2, -9);
  private static final double FLOAT32 = 3 * 3 * 7 * Math.pow(2, -24);
  private static final DecoderSettings WIDE = DecoderSettings.DEFAULT;
  private static final DecoderSettings NARROW = WIDE.withCompute(DecoderSettings.Compute.BFLOAT16);
  private static final TransformerConfig FULL = config(3, 3, false);
  private static final TransformerConfig GROUPED = config(4, 1, true);

  private static TransformerConfig config(int heads, int groups, boolean tied) {
    return new TransformerConfig(
        3, 16 * heads, heads, groups, 16, 80, 96, 1e-5, 10000, 300, tied, 0, 0, -1);
  }

  static Stream<Arguments> settings() {
    return Stream.of(
        Arguments.of("bfloat16", FULL, NARROW, 24, false, BFLOAT16),
        Arguments.of("bfloat16, grouped, tied", GROUPED, NARROW, 24, false, BFLOAT16),
        Arguments.of("bfloat16, documents", GROUPED, NARROW, 24, true, BFLOAT16),
        Arguments.of("bfloat16, three blocks", FULL, NARROW, 137, false, BFLOAT16),
        Arguments.of("bfloat16, flash kernel", FULL, NARROW, 257, false, BFLOAT16),
        Arguments.of("bfloat16, flash, documents", GROUPED, NARROW, 269, true, BFLOAT16),
        Arguments.of(
            "bfloat16, blocks again, head in parts",
            FULL,
            NARROW.withRecomputeEvery(2).withHeadChunk(7),
            37,
            false,
            BFLOAT16),
        Arguments.of("float32", FULL, WIDE, 24, false, FLOAT32),
        Arguments.of("float32, three blocks", FULL, WIDE, 137, false, FLOAT32),
        Arguments.of("float32, three blocks, documents", GROUPED, WIDE, 137, true, FLOAT32),
        Arguments.of("float32, flash kernel", FULL, WIDE, 257, false, FLOAT32));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("settings")
  void gradientsAreThoseOfFloat64(
      String name,
      TransformerConfig config,
      DecoderSettings settings,
      int sequence,
      boolean documents,
      double tolerance) {
    MicroBatch batch = batch(config, sequence, documents);
    try (FlatParameters weights = roundedWeights(config)) {
      Map<String, double[]> exact = exact(weights, config, batch);
      Map<String, double[]> found;
      try (Decoder decoder = new Decoder(roundedWeights(config), settings)) {
        found = gradients(decoder, batch);
      }
      for (String tensor : exact.keySet()) {
        assertThat(error(found.get(tensor), exact.get(tensor)))
            .as("error of " + tensor)
            .isLessThan(tolerance);
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("settings")
  void aMistakeWouldShow(
      String name,
      TransformerConfig config,
      DecoderSettings settings,
      int sequence,
      boolean documents,
      double tolerance) {
    MicroBatch batch = batch(config, sequence, documents);
    int[] fewer = batch.targets().clone();
    // One in 48, whatever the length.
    for (int i = 7; i < fewer.length; i += 48) {
      fewer[i] = -1;
    }
    MicroBatch mistaken =
        new MicroBatch(batch.tokens(), fewer, batch.batch(), sequence, batch.documents());
    TransformerConfig otherBase =
        new TransformerConfig(
            config.layers(),
            config.hiddenSize(),
            config.heads(),
            config.keyValueHeads(),
            config.headSize(),
            config.feedForwardSize(),
            config.vocabularySize(),
            config.normEpsilon(),
            5000,
            config.maxPositions(),
            config.tiedEmbeddings(),
            0,
            0,
            -1);
    try (FlatParameters weights = roundedWeights(config);
        FlatParameters turned = roundedWeights(otherBase)) {
      Map<String, double[]> exact = exact(weights, config, batch);
      Map<String, double[]> without = exact(weights, config, mistaken);
      Map<String, double[]> otherAngles = exact(turned, otherBase, batch);
      for (String tensor : exact.keySet()) {
        assertThat(error(without.get(tensor), exact.get(tensor)))
            .as("a target left out, " + tensor)
            .isGreaterThan(tolerance);
        if (tensor.contains("q_proj") || tensor.contains("k_proj")) {
          assertThat(error(otherAngles.get(tensor), exact.get(tensor)))
              .as("rotary base, " + tensor)
              .isGreaterThan(tolerance);
        }
      }
    }
  }

  /** Weights that are bfloat16 numbers, so that every precision has the same. */
  private static FlatParameters roundedWeights(TransformerConfig config) {
    FlatParameters weights = FlatParameters.allocate(config, TorchDevice.cpu(1));
    MitchellInitialiser.fill(weights, 5);
    ByteBuffer memory = weights.buffer().bytes(0, config.parameterCount());
    for (int at = 0; at < memory.capacity(); at += Float.BYTES) {
      memory.putInt(at, (memory.getInt(at) + 0x8000) & 0xffff0000);
    }
    return weights;
  }

  private static Map<String, double[]> exact(
      FlatParameters weights, TransformerConfig config, MicroBatch batch) {
    try (Decoder decoder = new Decoder(weights.toFloat64(), WIDE)) {
      return gradients(decoder, batch);
    }
  }

  private static Map<String, double[]> gradients(Decoder decoder, MicroBatch batch) {
    Map<String, double[]> found = new LinkedHashMap<>();
    try (FlatGradients gradients = FlatGradients.like(decoder.parameters())) {
      gradients.buffer().fill(Double.NaN);
      decoder.accumulate(batch, 0.125, gradients, GradientsReady.IGNORED);
      for (TensorSpec tensor : decoder.config().tensors()) {
        ByteBuffer bytes = gradients.bytes(tensor.name());
        double[] values = new double[Math.toIntExact(tensor.elements())];
        boolean wide = bytes.remaining() == (long) Double.BYTES * values.length;
        for (int i = 0; i < values.length; i++) {
          values[i] = wide ? bytes.getDouble() : bytes.getFloat();
        }
        found.put(tensor.name(), values);
      }
    }
    return found;
  }

  private static double error(double[] found, double[] expected) {
    double difference = 0;
    double length = 0;
    for (int i = 0; i < expected.length; i++) {
      difference += Math.pow(found[i] - expected[i], 2);
      length += Math.pow(expected[i], 2);
    }
    return Math.sqrt(difference / length);
  }

  private static MicroBatch batch(TransformerConfig config, int sequence, boolean documents) {
    Random random = new Random(13);
    int count = 2 * sequence;
    int[] tokens = random.ints(count, 0, config.vocabularySize()).toArray();
    int[] targets = random.ints(count, 0, config.vocabularySize()).toArray();
    int[] numbers = new int[count];
    Arrays.setAll(numbers, i -> i / 9);
    return new MicroBatch(
        tokens, targets, 2, sequence, documents ? Optional.of(numbers) : Optional.empty());
  }
}
