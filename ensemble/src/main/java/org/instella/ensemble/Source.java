package org.instella.ensemble;

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

  /** Does ahead of time what must be known of a whole tensor before it is read. */
  default void prepare(String tensor, Scratch scratch) {}
}
