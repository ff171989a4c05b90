package org.instella.train.data;

/**
 * The order in which samples are drawn: a pure function of (seed, epoch, position), so that a
 * resumed run needs only its step number to draw what it would have drawn.
 *
 * <p>Within an epoch each sample of 0..{@code samples}-1 comes exactly once. Implementations are
 * safe for use by several threads.
 */
public sealed interface DataOrder permits NumpyOrder, FeistelOrder {

  /** Number of samples in an epoch. */
  long samples();

  /**
   * The sample at a place of an epoch.
   *
   * @param epoch counted from 0
   * @param position in [0, {@link #samples()})
   * @return a number in [0, {@link #samples()})
   */
  long sample(long epoch, long position);

  /** How a recipe names an order. */
  enum Kind {
    /**
     * numpy's PCG64 shuffle with seed + epoch: the published order; an index of four bytes a
     * sample.
     */
    NUMPY,
    /** A Feistel permutation: any size, no index, no start-up time. */
    FEISTEL;

    /** The order of this kind over {@code samples} samples. */
    public DataOrder over(long samples, long seed) {
      return switch (this) {
        case NUMPY -> new NumpyOrder(samples, seed);
        case FEISTEL -> new FeistelOrder(samples, seed);
      };
    }
  }
}
