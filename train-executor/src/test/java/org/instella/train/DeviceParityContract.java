package org.instella.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.instella.model.torch.TorchDevice;
import org.instella.model.transformer.Decoder;
import org.instella.model.transformer.DecoderSettings;
import org.instella.model.transformer.FlatGradients;
import org.instella.model.transformer.GradientsReady;
import org.instella.model.transformer.MicroBatch;
import org.instella.model.transformer.TensorSpec;
import org.instella.model.transformer.TransformerConfig;
import org.instella.train.monitor.DeviceRate;
import org.instella.train.plan.Flops;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * A device computes what the CPU computes: logits, loss, gradients, steps of training. The
 * reference is one thread of the CPU.
 *
 * <p>Tolerances are relative, over whole tensors: {@code |a - b| / |b|} in the L2 norm, because
 * single small elements may cancel.
 *
 * <ul>
 *   <li>float32: a product of k terms added in another order differs by about √k · 2⁻²⁴, k at most
 *       688 here, and four blocks add up: some 10⁻⁶. Ten times that is allowed; products in TF32
 *       (10 bits) would differ by 10⁻³.
 *   <li>bfloat16 against float32: every rounding is 2⁻⁹, and each of four blocks has about ten that
 *       follow each other: √40 · 2⁻⁹ is 1.2 %. Four times that is allowed for a gradient, which
 *       goes through them twice; a lost scale or a wrong mask is far above.
 * </ul>
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class DeviceParityContract {
  private static final double FLOAT32 = 1e-5;
  private static final double BFLOAT16 = 5e-2;

  /** Grouped heads, an odd length, a padded head: what kernels like to get wrong. */
  private static final TransformerConfig SHAPE =
      new TransformerConfig(4, 256, 8, 2, 32, 688, 1000, 1e-5, 1e4, 160, false, 0, 0, 1);

  private static final MicroBatch BATCH = batch(3, 129, SHAPE.vocabularySize());
  private static final double SCALE = 1.0 / (3 * 128);

  @TempDir Path folder;

  /** What is compared with one thread of the CPU. */
  abstract TorchDevice device();

  /** The same in the words of a recipe's section {@code compute}. */
  abstract String recipe();

  /** A model and batch that keep the device busy: what the speed is told of. */
  abstract Shape speedShape();

  /** How to measure the speed of a step. */
  record Shape(TransformerConfig model, int batch, int sequence, boolean bfloat16, int steps) {}

  private static MicroBatch batch(int rows, int sequence, int vocabulary) {
    Random random = new Random(11);
    int[] tokens = random.ints((long) rows * sequence, 2, vocabulary).toArray();
    int[] targets = new int[tokens.length];
    for (int i = 0; i < tokens.length; i++) {
      targets[i] = (i + 1) % sequence == 0 ? -1 : tokens[i + 1];
    }
    return new MicroBatch(tokens, targets, rows, sequence);
  }

  /** What a model makes of {@link #BATCH}. */
  private record Computed(
      double[] logits, double loss, float[] gradient, List<TensorSpec> tensors) {}

  private static Computed compute(TorchDevice device, DecoderSettings.Compute precision) {
    DecoderSettings settings = DecoderSettings.DEFAULT.withCompute(precision).withHeadChunk(100);
    try (Decoder decoder = Decoder.initialise(SHAPE, 6198, device, settings);
        FlatGradients gradients = FlatGradients.like(decoder.parameters())) {
      double[] logits = decoder.logits(BATCH);
      double loss = decoder.accumulate(BATCH, SCALE, gradients, GradientsReady.IGNORED);
      float[] gradient = new float[(int) SHAPE.parameterCount()];
      gradients
          .buffer()
          .readOnHost(host -> host.bytes(0, gradient.length).asFloatBuffer().get(gradient));
      return new Computed(logits, loss, gradient, gradients.tensors());
    }
  }

  private static double difference(double[] actual, double[] expected) {
    double apart = 0;
    double size = 0;
    for (int i = 0; i < expected.length; i++) {
      apart += (actual[i] - expected[i]) * (actual[i] - expected[i]);
      size += expected[i] * expected[i];
    }
    return Math.sqrt(apart / size);
  }

  private static double[] part(float[] values, TensorSpec tensor) {
    return IntStream.range(0, (int) tensor.elements())
        .mapToDouble(i -> values[(int) tensor.offset() + i])
        .toArray();
  }

  private static void assertSame(Computed actual, Computed expected, double tolerance) {
    assertThat(difference(actual.logits(), expected.logits())).as("logits").isLessThan(tolerance);
    assertThat(Math.abs(actual.loss() / expected.loss() - 1)).as("loss").isLessThan(tolerance);
    for (TensorSpec tensor : expected.tensors()) {
      double[] reference = part(expected.gradient(), tensor);
      assertThat(Arrays.stream(reference).anyMatch(value -> value != 0))
          .as("%s has a gradient", tensor.name())
          .isTrue();
      assertThat(difference(part(actual.gradient(), tensor), reference))
          .as("gradient of %s", tensor.name())
          .isLessThan(tolerance);
    }
  }

  @Test
  void logitsLossAndGradientsInFloat32AreThoseOfTheCpu() {
    assertSame(
        compute(device(), DecoderSettings.Compute.MASTER),
        compute(TorchDevice.cpu(1), DecoderSettings.Compute.MASTER),
        FLOAT32);
  }

  @Test
  void logitsLossAndGradientsInBfloat16AreThoseOfFloat32UpToItsRoundings() {
    Computed exact = compute(TorchDevice.cpu(1), DecoderSettings.Compute.MASTER);
    Computed rounded = compute(device(), DecoderSettings.Compute.BFLOAT16);
    assertSame(rounded, exact, BFLOAT16);
    assertThat(difference(rounded.logits(), exact.logits()))
        .as("products were in bfloat16 at all")
        .isGreaterThan(1e-4);
  }

  private List<Double> losses(TinyRun run, String name) throws Exception {
    List<Double> losses = new ArrayList<>();
    run.train(
        1,
        name,
        new TrainListener() {
          @Override
          public void stepped(StepProgress progress) {
            losses.add(progress.loss());
          }
        });
    return losses;
  }

  private void assertTrainsAlike(String precision, double tolerance) throws Exception {
    TinyRun run = TinyRun.in(folder.resolve(precision)).with("compute.precision = " + precision);
    List<Double> expected = losses(run, "reference");
    List<Double> actual = losses(run.with("compute { " + recipe() + " }"), "device");
    assertThat(expected).hasSize(12);
    assertThat(expected.get(11)).as("it learns").isLessThan(0.9 * expected.get(0));
    for (int step = 0; step < expected.size(); step++) {
      assertThat(Math.abs(actual.get(step) / expected.get(step) - 1))
          .as("loss of step %d: %s and %s", step + 1, actual, expected)
          .isLessThan(tolerance);
    }
  }

  /** Checkpoints, moments, clipping and update included; Adam's first steps amplify roundings. */
  @Test
  void stepsOfTrainingInFloat32HaveTheLossesOfTheCpu() throws Exception {
    assertTrainsAlike("float32", 1e-3);
  }

  @Test
  void stepsOfTrainingInBfloat16HaveTheLossesOfTheCpu() throws Exception {
    assertTrainsAlike("bfloat16", 2e-2);
  }

  /** Told, not judged: a test asserts no times. */
  @Test
  void theSpeedOfAStepIsTold() {
    Shape shape = speedShape();
    MicroBatch rows = batch(shape.batch(), shape.sequence(), shape.model().vocabularySize());
    DecoderSettings settings =
        DecoderSettings.DEFAULT.withCompute(
            shape.bfloat16() ? DecoderSettings.Compute.BFLOAT16 : DecoderSettings.Compute.MASTER);
    double[] seconds = new double[shape.steps()];
    try (Decoder decoder = Decoder.initialise(shape.model(), 6198, device(), settings);
        FlatGradients gradients = FlatGradients.like(decoder.parameters())) {
      for (int i = -2; i < shape.steps(); i++) { // two to warm up
        long start = System.nanoTime();
        // Its result is a number of the host, so the card is done with the forward pass; the copy
        // of one element below waits for the rest.
        double loss = decoder.accumulate(rows, 1e-6, gradients, GradientsReady.IGNORED);
        gradients.buffer().readOnHost(host -> host.bytes(0, 1));
        assertThat(loss).isFinite();
        if (i >= 0) {
          seconds[i] = (System.nanoTime() - start) / 1e9;
        }
      }
    }
    Arrays.sort(seconds);
    double median = seconds[seconds.length / 2];
    int tokens = shape.batch() * shape.sequence();
    Flops flops = Flops.perToken(shape.model(), shape.sequence());
    DeviceRate rate = DeviceRate.of(device(), shape.bfloat16(), Optional.empty());
    System.out.printf(
        Locale.ROOT,
        "%s, %s: %,d parameters, %d x %d tokens, %s, forward and backward: %.1f ms (best %.1f), "
            + "%,.0f tokens/s, MFU %.1f %% (full attention %.1f %%) of %.1f TFLOP/s%s%n",
        device(),
        rate.name(),
        shape.model().parameterCount(),
        shape.batch(),
        shape.sequence(),
        shape.bfloat16() ? "bfloat16" : "float32",
        1e3 * median,
        1e3 * seconds[0],
        tokens / median,
        100 * rate.share(flops.causal() * tokens / median, 1),
        100 * rate.share(flops.full() * tokens / median, 1),
        rate.flopsPerSecond() / 1e12,
        rate.measured() ? " (measured)" : "");
  }
}
