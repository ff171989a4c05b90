package org.instella.ensemble.method;

/** Merges one block of elements; used by several threads at once, so it keeps no state. */
@FunctionalInterface
public interface BlockMerge {
  /**
   * Fills {@code merged[0, block.count())}.
   *
   * @param merged float64, rounded once by the caller into the type of the output
   */
  void merge(Block block, double[] merged);
}
