package org.instella.train.data;

/**
 * The published order of samples: {@code numpy.random.Generator(PCG64(seed +
 * epoch)).shuffle(arange(n))}, bit for bit.
 *
 * <p>The permutation is an index of four bytes a sample, made once per epoch (992 million blocks of
 * stage 1: 3.97 GB, which is why large indexes live in a mapped file outside the heap, see {@link
 * PermutationIndex}).
 */
final class NumpyShuffle {
  private NumpyShuffle() {}

  /**
   * Writes the shuffled numbers 0..n-1 into {@code index}: Fisher-Yates from the last element down,
   * each partner drawn by masked rejection.
   */
  static void fill(PermutationIndex index, long seed) {
    long n = index.size();
    for (long i = 0; i < n; i++) {
      index.set(i, i);
    }
    Pcg64 random = new Pcg64(seed);
    for (long i = n - 1; i > 0; i--) {
      long j = random.nextAtMost(i);
      long kept = index.at(i);
      index.set(i, index.at(j));
      index.set(j, kept);
    }
  }
}
