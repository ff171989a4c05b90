package org.instella.ensemble;

import java.nio.ByteBuffer;

/** Where the values of a tensor come from: a model folder, or another merge. */
interface Source {
  /**
   * Reads elements as float64.
   *
   * @param first a multiple of the tensor's block in its {@link Grid}
   * @param count at most one block, inside one cell
   * @param scratch buffers of the calling thread
   */
  void read(String tensor, long first, int count, double[] target, Scratch scratch);

  /**
   * Fills {@code target} from its position on with elements as the models store them, where a
   * {@link org.instella.ensemble.method.MeanKernel} can; does not move the buffer.
   *
   * @param count at most one cell
   * @return false where {@link #read} must be used, for another type, another method, or because a
   *     number is not finite, which that method tells
   */
  default boolean readStored(
      String tensor, long first, int count, ByteBuffer target, Scratch scratch) {
    return false;
  }

  /** Does ahead of time what must be known of a whole tensor before it is read. */
  default void prepare(String tensor, Scratch scratch) {}
}
