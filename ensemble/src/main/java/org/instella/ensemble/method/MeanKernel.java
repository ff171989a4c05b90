package org.instella.ensemble.method;

import java.nio.ByteBuffer;
import java.util.Optional;
import org.instella.model.checkpoint.Dtype;

/**
 * Weighted means from stored numbers to stored numbers in one pass over them: float64 in between,
 * models in their order, one division, rounded once, as {@link LinearMerge} does it block by block.
 * Not for several threads at once.
 */
public interface MeanKernel {
  /**
   * Merges {@code count} elements, each buffer from its position on; positions do not move.
   *
   * @param models [model], little-endian as stored
   * @return false where the result may be wrong, because a number is not finite or too small for
   *     the kernel; the caller takes the way through {@link LinearMerge#prepare} then
   */
  boolean mean(ByteBuffer[] models, double[] weights, double divisor, int count, ByteBuffer merged);

  /**
   * The fastest kernel here; empty for types without one.
   *
   * @param vectors whether vector instructions shall be made use of where Java has them
   */
  static Optional<MeanKernel> of(Dtype dtype, boolean vectors) {
    if (vectors && VectorModule.PRESENT) {
      Optional<MeanKernel> kernel = VectorMeans.of(dtype);
      if (kernel.isPresent()) {
        return kernel;
      }
    }
    return dtype == Dtype.F32 ? Optional.of(new ScalarFloatMean()) : Optional.empty();
  }

  /**
   * Elements of float32 from which on vector instructions take less time in all: what they save on
   * half a billion is what Java needs to compile them.
   */
  long VECTORS_FROM = 1L << 29;
}
