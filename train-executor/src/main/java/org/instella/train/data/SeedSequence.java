package org.instella.train.data;

/**
 * numpy's {@code SeedSequence}: turns a small integer seed into well mixed state words.
 *
 * <p>The published sample order of OLMo and Instella is seeded through this class, so the
 * arithmetic is that of numpy (M. E. O'Neill's {@code seed_seq_fe}), with unsigned 32-bit words
 * held in Java ints.
 */
final class SeedSequence {
  private static final int POOL_SIZE = 4;
  private static final int INIT_A = 0x43b0d7e5;
  private static final int MULT_A = 0x931e8875;
  private static final int INIT_B = 0x8b51f9dd;
  private static final int MULT_B = 0x58f38ded;
  private static final int MIX_MULT_LEFT = 0xca01f9dd;
  private static final int MIX_MULT_RIGHT = 0x4973f715;
  private static final int SHIFT = 16;

  private final int[] pool = new int[POOL_SIZE];

  /** Mixes the seed, read as an unsigned 64-bit integer. */
  SeedSequence(long seed) {
    int low = (int) seed;
    int high = (int) (seed >>> 32);
    // numpy keeps only the significant words and fills the pool with zeros, hashed like any other
    // word.
    int[] entropy = {low, high, 0, 0};
    int hash = INIT_A;
    for (int i = 0; i < POOL_SIZE; i++) {
      int value = entropy[i] ^ hash;
      hash *= MULT_A;
      pool[i] = finish(value * hash);
    }
    for (int source = 0; source < POOL_SIZE; source++) {
      for (int target = 0; target < POOL_SIZE; target++) {
        if (source == target) {
          continue;
        }
        int value = pool[source] ^ hash;
        hash *= MULT_A;
        value = finish(value * hash);
        pool[target] = finish(MIX_MULT_LEFT * pool[target] - MIX_MULT_RIGHT * value);
      }
    }
  }

  /**
   * The first {@code count} 64-bit state words, as {@code generate_state(count, numpy.uint64)}: the
   * first 32-bit word is the low half.
   */
  long[] generate(int count) {
    long[] words = new long[count];
    int hash = INIT_B;
    for (int i = 0; i < 2 * count; i++) {
      int value = pool[i % POOL_SIZE] ^ hash;
      hash *= MULT_B;
      value = finish(value * hash);
      words[i / 2] |= Integer.toUnsignedLong(value) << (32 * (i % 2));
    }
    return words;
  }

  private static int finish(int value) {
    return value ^ (value >>> SHIFT);
  }
}
