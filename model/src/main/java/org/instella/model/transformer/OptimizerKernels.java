package org.instella.model.transformer;

import java.util.List;
import java.util.Map;
import org.instella.model.torch.FlatBuffer;
import org.instella.model.torch.Tensor;
import org.instella.model.torch.TensorScope;
import org.instella.model.torch.TorchDevice;
import org.instella.model.torch.TorchProgram;

/**
 * What an optimiser and a reduction do with flat buffers, natively.
 *
 * <p>Every result is independent of how the buffer is cut into ranges, as long as the cuts are
 * multiples of {@link #CHUNK}: ranks of any number get the same bits. {@link
 * FlatParameters#PADDING} is a multiple of it.
 *
 * <p>Not for use by two threads at a time.
 */
public final class OptimizerKernels implements AutoCloseable {
  /** Unit of slices, and the number of elements under one squared norm. */
  public static final int CHUNK = 1 << 14;

  /** Elements that are updated at a time: the four blocks together stay in the cache. */
  public static final int BLOCK = 1 << 18;

  private final TorchProgram program;

  /**
   * Compiles the kernels.
   *
   * @throws org.instella.conf.error.EnvironmentException if the device is missing
   */
  public OptimizerKernels(TorchDevice device) {
    this.program =
        TorchProgram.load("optimizer.py", Map.of("block", BLOCK, "chunk", CHUNK), device);
  }

  /**
   * One step of AdamW (Loshchilov and Hutter 2019, arXiv:1711.05101) on elements [from, to), as
   * {@code torch.optim.AdamW}: {@code p -= lr*decay*p}, then {@code p -= lr * m̂ / (sqrt(v̂) +
   * eps)}.
   *
   * @param parameters read and written; {@code firstMoments} and {@code secondMoments} likewise
   * @param firstMoments those of the elements from {@code momentsFrom} on, so that a rank needs to
   *     hold those of its slice alone; {@code secondMoments} likewise
   * @param gradients read only
   * @param from multiple of {@link #CHUNK}; {@code to} likewise, or the end of the buffers
   * @param step number of this step, counted from 1, for the bias correction
   * @param gradientScale multiplied to every gradient first: the factor of clipping
   */
  public void adamw(
      FlatBuffer parameters,
      FlatBuffer gradients,
      FlatBuffer firstMoments,
      FlatBuffer secondMoments,
      long from,
      long to,
      long momentsFrom,
      long step,
      double learningRate,
      double beta1,
      double beta2,
      double epsilon,
      double decay,
      double gradientScale) {
    requireRange(parameters, from, to);
    try (TensorScope scratch = TensorScope.open(program.device())) {
      List<Tensor> slot = List.of(scratch.ofFloats(new float[1], 1));
      List<Tensor> steps = List.of(scratch.ofFloats(new float[] {step}, 1));
      program.call(
          "adamw",
          scratch,
          parameters.tensor(),
          gradients.tensor(),
          firstMoments.tensor(),
          secondMoments.tensor(),
          slot,
          slot,
          slot,
          slot,
          steps,
          from,
          to,
          momentsFrom,
          learningRate,
          beta1,
          beta2,
          epsilon,
          decay,
          gradientScale);
    }
  }

  /**
   * Sums of squares of the chunks of [from, to), each in float64 and each alone: add them in the
   * order of the chunks, over all ranks, for a norm that does not depend on their number.
   *
   * @param from multiple of {@link #CHUNK}; {@code to} likewise
   * @return one number per {@link #CHUNK} elements
   */
  public double[] chunkSquaredNorms(FlatBuffer buffer, long from, long to) {
    requireRange(buffer, from, to);
    if (from == to) {
      return new double[0];
    }
    try (TensorScope scratch = TensorScope.open(program.device())) {
      return program.call("squared_norms", scratch, buffer.tensor(), from, to).get(0).toDoubles();
    }
  }

  /** {@code target[i] += source[i]} for i in [from, to): one node of a reduction tree. */
  public void addInto(FlatBuffer target, FlatBuffer source, long from, long to) {
    addInto(target, from, source, from, to - from);
  }

  /** {@code target[targetFrom + i] += source[sourceFrom + i]} for i below {@code length}. */
  public void addInto(
      FlatBuffer target, long targetFrom, FlatBuffer source, long sourceFrom, long length) {
    pairwise("add_into", target, targetFrom, source, sourceFrom, length);
  }

  /** {@code target[targetFrom + i] = source[sourceFrom + i]} for i below {@code length}. */
  public void copyInto(
      FlatBuffer target, long targetFrom, FlatBuffer source, long sourceFrom, long length) {
    pairwise("copy_into", target, targetFrom, source, sourceFrom, length);
  }

  /** {@code buffer[i] *= factor} for i in [from, to). */
  public void scale(FlatBuffer buffer, long from, long to, double factor) {
    try (TensorScope scratch = TensorScope.open(program.device())) {
      program.call("scale", scratch, buffer.tensor(), from, to, factor);
    }
  }

  private void pairwise(
      String method,
      FlatBuffer target,
      long targetFrom,
      FlatBuffer source,
      long from,
      long length) {
    try (TensorScope scratch = TensorScope.open(program.device())) {
      program.call(method, scratch, target.tensor(), targetFrom, source.tensor(), from, length);
    }
  }

  private static void requireRange(FlatBuffer buffer, long from, long to) {
    boolean aligned = from % CHUNK == 0 && (to % CHUNK == 0 || to == buffer.length());
    if (!aligned || from > to || to > buffer.length()) {
      throw new IllegalArgumentException(
          "elements %d to %d of %d: both ends must be multiples of %d"
              .formatted(from, to, buffer.length(), CHUNK));
    }
  }

  @Override
  public void close() {
    program.close();
  }
}
