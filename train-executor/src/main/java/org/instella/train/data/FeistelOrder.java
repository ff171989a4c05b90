package org.instella.train.data;

/**
 * A permutation of 0..n-1 that is computed, not stored: a balanced Feistel network over the next
 * even number of bits, walked along its cycle until it falls below n (Black and Rogaway 2002,
 * "Ciphers with arbitrary finite domains").
 *
 * <p>At most four steps of the walk on average; eight rounds keep the order free of visible
 * structure. This is not cryptography.
 */
public final class FeistelOrder implements DataOrder {
  private static final int ROUNDS = 8;

  private final long samples;
  private final long seed;
  private final int halfBits;
  private final long halfMask;

  FeistelOrder(long samples, long seed) {
    this.samples = samples;
    this.seed = seed;
    int bits = 64 - Long.numberOfLeadingZeros(Math.max(samples - 1, 1));
    this.halfBits = (bits + 1) / 2;
    this.halfMask = (1L << halfBits) - 1;
  }

  @Override
  public long samples() {
    return samples;
  }

  @Override
  public long sample(long epoch, long position) {
    if (position < 0 || position >= samples) {
      throw new IndexOutOfBoundsException("position " + position + " of " + samples);
    }
    long key = mix(seed + 0x9e3779b97f4a7c15L * (epoch + 1));
    long value = position;
    do {
      value = permute(value, key);
    } while (value >= samples);
    return value;
  }

  private long permute(long value, long key) {
    long left = value >>> halfBits;
    long right = value & halfMask;
    for (int round = 0; round < ROUNDS; round++) {
      long mixed = left ^ (mix(right ^ key + round * 0xd1342543de82ef95L) & halfMask);
      left = right;
      right = mixed;
    }
    return left << halfBits | right;
  }

  /** The finaliser of splitmix64. */
  static long mix(long value) {
    long z = value;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
