package org.instella.train.parallel;

/** How gradients are summed over micro-batches and ranks. */
public enum Reduction {
  /** Along one fixed binary tree: the same bits whatever the number of ranks. */
  EXACT,
  /**
   * In the order that costs least: micro-batches from first to last into one buffer, then around a
   * ring of ranks. The bits depend on the number of ranks; a run repeated at one width gives the
   * same bits over TCP.
   */
  FAST
}
