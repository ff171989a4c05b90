package org.instella.model.transformer;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.instella.model.torch.FlatBuffer;
import org.instella.model.torch.TorchDevice;
import org.junit.jupiter.api.Test;

/**
 * Time of a training step: one micro-batch forward and backward, and the update. Not part of the
 * build; run by benchmarks/step_time.py, which sets the system properties and runs the same step in
 * Python PyTorch in turn.
 */
class StepTimeBenchmark {
  @Test
  void stepTime() throws IOException {
    int[] shape = numbers("shape"); // layers, hidden, heads, feed-forward, vocabulary
    int[] run = numbers("run"); // batch, sequence, steps, threads
    boolean half = Boolean.getBoolean("instella.benchmark.bfloat16");
    TransformerConfig config =
        new TransformerConfig(
            shape[0],
            shape[1],
            shape[2],
            shape[2],
            shape[1] / shape[2],
            shape[3],
            shape[4],
            1e-5,
            10000,
            run[1],
            false,
            0,
            0,
            1);
    TorchDevice device = TorchDevice.cpu(run[3]);
    FlatParameters parameters = FlatParameters.allocate(config, device);
    MitchellInitialiser.fill(parameters, 1);
    DecoderSettings settings =
        DecoderSettings.DEFAULT
            .withHeadChunk(Integer.getInteger("instella.benchmark.head-chunk", 512))
            .withCompute(half ? DecoderSettings.Compute.BFLOAT16 : DecoderSettings.Compute.MASTER);
    long length = parameters.buffer().length();
    int count = run[0] * run[1];
    Random random = new Random(1);
    int[] tokens = random.ints(count, 2, shape[4]).toArray();
    int[] targets = random.ints(count, 2, shape[4]).toArray();
    List<String> lines = new ArrayList<>();
    try (Decoder decoder = new Decoder(parameters, settings);
        FlatGradients gradients = FlatGradients.like(parameters);
        FlatBuffer first = FlatBuffer.zeros(device, parameters.buffer().precision(), length);
        FlatBuffer second = FlatBuffer.zeros(device, parameters.buffer().precision(), length);
        OptimizerKernels kernels = new OptimizerKernels(device)) {
      for (int step = 1; step <= run[2]; step++) {
        long wall = System.nanoTime();
        long cpu = cpuNanos();
        double loss = decoder.accumulate(tokens, targets, run[0], run[1], 1.0 / count, gradients);
        kernels.adamw(
            parameters.buffer(),
            gradients.buffer(),
            first,
            second,
            0,
            0,
            length,
            step,
            1e-3,
            0.9,
            0.95,
            1e-8,
            0.1,
            1.0);
        decoder.parametersChanged();
        lines.add(
            "%.6f %.6f %.6f"
                .formatted(
                    (System.nanoTime() - wall) / 1e9, (cpuNanos() - cpu) / 1e9, loss / count));
      }
    }
    Files.write(Path.of(System.getProperty("instella.benchmark.output")), lines);
  }

  private static int[] numbers(String name) {
    return Arrays.stream(System.getProperty("instella.benchmark." + name).split(",", -1))
        .mapToInt(Integer::parseInt)
        .toArray();
  }

  private static long cpuNanos() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }
}
