package org.instella.train.data;

/**
 * The published order (see {@link NumpyShuffle}): epoch e is shuffled with seed + e. Holds the
 * index of one epoch and makes the next when it is asked for.
 */
public final class NumpyOrder implements DataOrder {
  private final long samples;
  private final long seed;
  private volatile Epoch current;

  private record Epoch(long number, PermutationIndex index) {}

  NumpyOrder(long samples, long seed) {
    this.samples = samples;
    this.seed = seed;
  }

  @Override
  public long samples() {
    return samples;
  }

  @Override
  public long sample(long epoch, long position) {
    Epoch known = current;
    if (known == null || known.number() != epoch) {
      known = shuffle(epoch);
    }
    return known.index().at(position);
  }

  private synchronized Epoch shuffle(long epoch) {
    if (current == null || current.number() != epoch) {
      PermutationIndex index = PermutationIndex.allocate(samples);
      NumpyShuffle.fill(index, seed + epoch);
      current = new Epoch(epoch, index);
    }
    return current;
  }
}
