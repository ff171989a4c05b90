package org.instella.tokenize.bpe.merge;

import java.util.Arrays;

/**
 * The merges of a vocabulary: pair of ids to rank, rank to the id they become. Immutable after
 * {@link #complete}; one flat array of longs, so that a look-up touches one cache line most of the
 * time.
 */
public final class MergeTable {
  /** The rank of a pair that does not merge. */
  public static final int NONE = Integer.MAX_VALUE;

  /** Ids below fit a key, one more than an id as well. */
  public static final int MAX_IDS = (1 << 21) - 1;

  /** Merges that fit a slot. */
  public static final int MAX_MERGES = 1 << 22;

  private static final int ID_BITS = 21;
  private static final int RANK_BITS = 22;
  private static final int RANK_MASK = MAX_MERGES - 1;
  private static final int FILTER_BITS = 20;
  private static final int FILTER_SHIFT = 64 - FILTER_BITS;
  private static final long EMPTY = -1;
  private static final long PHI = 0x9E3779B97F4A7C15L;

  /** One bit for each of the first bits of a hash: most pairs that do not merge end here. */
  private final long[] filter = new long[1 << (FILTER_BITS - 6)];

  private final long[] slots;
  private final int shift;
  private final int[] results;
  private final long[] pairs;

  /** The ranks of pairs of bytes: these few, asked for most often, stay in the nearest cache. */
  private final int[] byteRanks = new int[1 << 16];

  private int[] byteIds;
  private boolean growing;
  private HeadStart headStart;

  /** A table for ranks below {@code merges}. */
  public MergeTable(int merges) {
    if (merges > MAX_MERGES) {
      throw new IllegalArgumentException(merges + " merges, at most " + MAX_MERGES);
    }
    int bits = 65 - Long.numberOfLeadingZeros(Math.max(8, merges));
    slots = new long[1 << bits];
    Arrays.fill(slots, EMPTY);
    shift = 64 - bits;
    results = new int[merges];
    pairs = new long[merges];
    Arrays.fill(pairs, EMPTY);
  }

  /** Sets a merge; a later one of the same pair replaces the earlier, as in the library. */
  public void put(int rank, int left, int right, int result) {
    long key = key(left, right);
    int at = (int) (key * PHI >>> shift);
    while (slots[at] != EMPTY && slots[at] >>> RANK_BITS != key) {
      at = (at + 1) & (slots.length - 1);
    }
    if (slots[at] != EMPTY) {
      pairs[(int) slots[at] & RANK_MASK] = EMPTY;
    }
    slots[at] = key << RANK_BITS | rank;
    int bit = (int) (key * PHI >>> FILTER_SHIFT);
    filter[bit >>> 6] |= 1L << bit;
    results[rank] = result;
    pairs[rank] = key;
  }

  /**
   * Ends the filling.
   *
   * @param byteIds the id of each byte, -1 where it has none of its own
   * @param tokens the bytes of each id, null where there is no such id
   */
  public void complete(int[] byteIds, byte[][] tokens) {
    this.byteIds = byteIds.clone();
    for (int left = 0; left < 256; left++) {
      for (int right = 0; right < 256; right++) {
        byteRanks[left << 8 | right] =
            byteIds[left] < 0 || byteIds[right] < 0 ? NONE : rank(byteIds[left], byteIds[right]);
      }
    }
    growing = isGrowing(tokens.length);
    headStart = new HeadStart(this, tokens);
  }

  private static long key(int left, int right) {
    return (long) left << ID_BITS | right;
  }

  /** The rank of a pair, or {@link #NONE}. */
  public int rank(int left, int right) {
    long key = key(left, right);
    long hash = key * PHI;
    int bit = (int) (hash >>> FILTER_SHIFT);
    if ((filter[bit >>> 6] & 1L << bit) == 0) {
      return NONE;
    }
    int at = (int) (hash >>> shift);
    while (true) {
      long slot = slots[at];
      if (slot >>> RANK_BITS == key) {
        return (int) slot & RANK_MASK;
      }
      if (slot == EMPTY) {
        return NONE;
      }
      at = (at + 1) & (slots.length - 1);
    }
  }

  /** The rank of a pair of bytes, 0 to 255 each, or {@link #NONE}. */
  int byteRank(int left, int right) {
    return byteRanks[left << 8 | right];
  }

  /** The id of a byte, 0 to 255, or -1. */
  int byteId(int b) {
    return byteIds[b];
  }

  /** The number of ranks. */
  int size() {
    return results.length;
  }

  /** The left part of the merge of {@code rank}, or -1 when there is no such merge. */
  int left(int rank) {
    return pairs[rank] == EMPTY ? -1 : (int) (pairs[rank] >>> ID_BITS);
  }

  /** The right part of the merge of {@code rank}. */
  int right(int rank) {
    return (int) pairs[rank] & MAX_IDS;
  }

  /** What characters start as. */
  HeadStart headStart() {
    return headStart;
  }

  /** The id that the merge of {@code rank} makes. */
  int result(int rank) {
    return results[rank];
  }

  /**
   * Whether every merge ranks behind all merges that make one of its parts: then a merge never
   * opens one of an equal or lower rank. So it is in every trained vocabulary.
   */
  boolean growing() {
    return growing;
  }

  private boolean isGrowing(int ids) {
    int[] lastMade = new int[ids];
    Arrays.fill(lastMade, -1);
    for (int rank = 0; rank < results.length; rank++) {
      if (pairs[rank] != EMPTY) {
        lastMade[results[rank]] = rank;
      }
    }
    for (int rank = 0; rank < results.length; rank++) {
      if (pairs[rank] != EMPTY) {
        if (lastMade[left(rank)] >= rank || lastMade[right(rank)] >= rank) {
          return false;
        }
      }
    }
    return true;
  }
}
