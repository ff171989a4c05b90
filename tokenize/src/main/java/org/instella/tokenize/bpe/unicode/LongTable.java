package org.instella.tokenize.bpe.unicode;

import java.util.Arrays;

/**
 * A map from long to long in one flat array, open addressing, for keys and values that are not
 * negative: look-ups make no garbage. Filled once, then read by any number of threads.
 */
final class LongTable {
  private static final long NONE = -1;
  private static final long PHI = 0x9E3779B97F4A7C15L;

  private final long[] slots;
  private final int shift;

  /** A table for up to {@code entries} keys, at most half full. */
  LongTable(int entries) {
    int bits = 65 - Long.numberOfLeadingZeros(Math.max(8, entries));
    slots = new long[2 << bits];
    Arrays.fill(slots, NONE);
    shift = 64 - bits;
  }

  void put(long key, long value) {
    int at = place(key);
    slots[at] = key;
    slots[at + 1] = value;
  }

  /** The value of {@code key}, or -1. */
  long get(long key) {
    int at = place(key);
    return slots[at] == key ? slots[at + 1] : NONE;
  }

  private int place(long key) {
    int at = (int) (key * PHI >>> shift) * 2;
    while (slots[at] != key && slots[at] != NONE) {
      at = (at + 2) & (slots.length - 1);
    }
    return at;
  }
}
