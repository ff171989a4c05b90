package org.instella.model.transformer;

import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.instella.model.torch.Precision;
import org.instella.model.torch.Tensor;
import org.instella.model.torch.TensorScope;
import org.instella.model.torch.TorchDevice;
import org.instella.model.torch.TorchProgram;

/**
 * What a run measures about itself beside its steps: norms of its weights, and how fast its device
 * multiplies.
 *
 * <p>Not for use by two threads at a time.
 */
public final class Gauges implements AutoCloseable {
  private static final int SIDE_CPU = 512;
  private static final int SIDE_GPU = 8192;
  private static final double ROUND_SECONDS = 0.03;
  private static final int ROUNDS = 6;

  private final TorchProgram program;

  /**
   * Compiles the program.
   *
   * @throws org.instella.conf.error.EnvironmentException if the device is missing
   */
  public Gauges(TorchDevice device) {
    boolean oneDnn = Processor.multipliesInOneDnn(device);
    this.program = TorchProgram.load("gauges.py", Map.of("one_dnn", oneDnn), device);
  }

  /**
   * L2 norms of the weights by kind, over all layers together: {@code embed_tokens}, {@code
   * q_proj}, {@code norm}, and {@code all}.
   */
  public SortedMap<String, Double> norms(FlatTensors weights) {
    List<TensorSpec> tensors = weights.tensors();
    long[] bounds = new long[2 * tensors.size()];
    for (int i = 0; i < tensors.size(); i++) {
      bounds[2 * i] = tensors.get(i).offset();
      bounds[2 * i + 1] = tensors.get(i).end();
    }
    SortedMap<String, Double> squares = new TreeMap<>();
    try (TensorScope scratch = TensorScope.open(program.device())) {
      double[] norms =
          program.call("norms", scratch, weights.buffer().tensor(), bounds).get(0).toDoubles();
      for (int i = 0; i < norms.length; i++) {
        squares.merge(kind(tensors.get(i).name()), norms[i] * norms[i], Double::sum);
        squares.merge("all", norms[i] * norms[i], Double::sum);
      }
    }
    squares.replaceAll((name, square) -> Math.sqrt(square));
    return squares;
  }

  /** {@code q_proj} of {@code model.layers.3.self_attn.q_proj.weight}. */
  private static String kind(String tensor) {
    String[] words = tensor.split("\\.");
    return words[words.length - 2];
  }

  /**
   * Floating-point operations in a second of square matrix products, the best of a few short rounds
   * (a fifth of a second on a CPU): what this device, with its threads, does at best, by the
   * library that training multiplies with.
   *
   * @param bfloat16 whether the factors are bfloat16; else float32
   */
  public double matmulFlopsPerSecond(boolean bfloat16) {
    int side = program.device().kind() == TorchDevice.Kind.CPU ? SIDE_CPU : SIDE_GPU;
    try (TensorScope scratch = TensorScope.open(program.device())) {
      Tensor a = factor(scratch, side, bfloat16);
      Tensor b = factor(scratch, side, bfloat16);
      double flops = 2.0 * side * side * side;
      int times = 1;
      double seconds = seconds(a, b, times); // the first call warms up
      seconds = seconds(a, b, times);
      times = (int) Math.max(1, Math.min(1000, ROUND_SECONDS / Math.max(seconds, 1e-6)));
      double best = flops / seconds;
      for (int i = 0; i < ROUNDS; i++) {
        best = Math.max(best, times * flops / seconds(a, b, times));
      }
      return best;
    }
  }

  private Tensor factor(TensorScope scratch, int side, boolean bfloat16) {
    Tensor zeros = scratch.zeros(Precision.FLOAT32, side, side);
    return bfloat16 ? program.call("bfloat16", scratch, zeros).get(0) : zeros;
  }

  private double seconds(Tensor a, Tensor b, int times) {
    long start = System.nanoTime();
    try (TensorScope scratch = TensorScope.open(program.device())) {
      program.call("products", scratch, a, b, times).get(0).toFloats();
    }
    return Math.max(1, System.nanoTime() - start) / 1e9;
  }

  @Override
  public void close() {
    program.close();
  }
}
