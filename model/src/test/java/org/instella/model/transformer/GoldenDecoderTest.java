package org.instella.model.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.instella.conf.SharedData;
import org.instella.model.torch.Precision;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The decoder against the reference implementation, hf_instella/modeling_instella.py of
 * AMD-AIG-AIMA/Instella.
 */
class GoldenDecoderTest {
  static Stream<Arguments> shared() {
    return inBothPrecisions("head80", "gqa", "long-base");
  }

  static Stream<Arguments> own() {
    return inBothPrecisions("full", "grouped", "tied");
  }

  private static Stream<Arguments> inBothPrecisions(String... names) {
    return Stream.of(names)
        .flatMap(name -> Stream.of(Precision.values()).map(p -> Arguments.of(name, p)));
  }

  /** Made with {@code src/test/peer/make_golden.py}. */
  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("own")
  void agreesWithTheReferenceOnSmallCases(String name, Precision precision)
      throws URISyntaxException {
    Path cases = Path.of(GoldenDecoderTest.class.getResource("/golden").toURI());
    check(GoldenModel.of(cases, name), precision);
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("shared")
  void agreesWithTheReference(String name, Precision precision) {
    GoldenModel golden = GoldenModel.of(SharedData.require().resolve("data/golden/model"), name);
    check(golden, precision);
  }

  /**
   * Golden files hold float32 numbers of a float64 run, in which norms and rotary tables are
   * float32: 1e-6 is what two right implementations differ by.
   */
  private static void check(GoldenModel golden, Precision precision) {
    boolean single = precision == Precision.FLOAT32;
    try (Decoder decoder = new Decoder(golden.parameters(precision));
        FlatGradients gradients = FlatGradients.like(decoder.parameters())) {
      int[] tokens = golden.ints("forward.safetensors", "input_ids");
      int batch = 2;
      int sequence = tokens.length / batch;
      MicroBatch inputs = new MicroBatch(tokens, shifted(tokens, sequence), batch, sequence);
      int predicted = batch * (sequence - 1);

      checkLogits(golden, decoder, inputs, single ? 1e-5 : 1e-6);

      gradients.buffer().fill(Double.NaN);
      double loss = decoder.accumulate(inputs, 1.0 / predicted, gradients, GradientsReady.IGNORED);
      assertThat(loss / predicted).as("loss").isEqualTo(golden.loss(), within(1e-6));
      assertThat(decoder.lossSum(inputs)).as("loss alone").isEqualTo(loss, within(1e-4));
      Map<String, Double> distances = new LinkedHashMap<>();
      for (TensorSpec tensor : decoder.config().tensors()) {
        double[] actual = values(gradients, tensor);
        float[] expected = golden.floats("gradients.safetensors", tensor.name());
        distances.put(tensor.name(), distance(actual, expected));
      }
      assertThat(distances)
          .as("relative distances of gradients")
          .allSatisfy((name, distance) -> assertThat(distance).isLessThan(single ? 1e-4 : 1e-6));

      checkGreedy(golden, decoder, Arrays.copyOf(tokens, 16));
    }
  }

  private static void checkLogits(
      GoldenModel golden, Decoder decoder, MicroBatch inputs, double tolerance) {
    double[] logits = decoder.logits(inputs);
    float[] expected = golden.floats("forward.safetensors", "logits");
    int[] positions = golden.ints("forward.safetensors", "positions");
    int vocabulary = decoder.config().vocabularySize();
    double[] actual = new double[expected.length];
    int at = 0;
    for (int row = 0; row < inputs.batch(); row++) {
      for (int position : positions) {
        int from = (row * inputs.sequence() + position) * vocabulary;
        System.arraycopy(logits, from, actual, at, vocabulary);
        at += vocabulary;
      }
    }
    assertThat(distance(actual, expected)).as("logits").isLessThan(tolerance);
  }

  private static void checkGreedy(GoldenModel golden, Decoder decoder, int[] prompt) {
    int[] expected = golden.greedy();
    int[] actual = new int[expected.length];
    try (KvCache cache = decoder.newCache(prompt.length + expected.length)) {
      double[] logits = decoder.prefill(cache, prompt);
      for (int i = 0; i < actual.length; i++) {
        actual[i] = argmax(logits);
        logits = decoder.prefill(cache, new int[] {actual[i]});
      }
    }
    assertThat(actual).as("greedy continuation").isEqualTo(expected);
  }

  /** Largest difference, relative to the largest expected number. */
  private static double distance(double[] actual, float[] expected) {
    assertThat(actual).hasSameSizeAs(expected);
    double difference = 0;
    double largest = 0;
    for (int i = 0; i < actual.length; i++) {
      double d = Math.abs(actual[i] - expected[i]);
      difference = Double.isNaN(d) ? Double.NaN : Math.max(difference, d);
      largest = Math.max(largest, Math.abs(expected[i]));
    }
    return difference / largest;
  }

  private static double[] values(FlatGradients gradients, TensorSpec tensor) {
    ByteBuffer bytes = gradients.bytes(tensor.name());
    double[] values = new double[(int) tensor.elements()];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (gradients.buffer().precision()) {
            case FLOAT32 -> bytes.getFloat();
            case FLOAT64 -> bytes.getDouble();
          };
    }
    return values;
  }

  private static int[] shifted(int[] tokens, int sequence) {
    int[] targets = new int[tokens.length];
    for (int i = 0; i < tokens.length; i++) {
      targets[i] = (i + 1) % sequence == 0 ? -1 : tokens[i + 1];
    }
    return targets;
  }

  private static int argmax(double[] logits) {
    int best = 0;
    for (int i = 1; i < logits.length; i++) {
      best = logits[i] > logits[best] ? i : best;
    }
    return best;
  }
}
