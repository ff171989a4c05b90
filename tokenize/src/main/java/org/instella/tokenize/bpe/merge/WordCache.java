package org.instella.tokenize.bpe.merge;

import java.util.Arrays;
import org.instella.tokenize.bpe.TokenBuffer;
import org.instella.tokenize.bpe.unicode.Words8;

/**
 * The words merged lately with their ids: flat arrays of fixed size, two places for each word, no
 * object per entry. Owned by one thread.
 *
 * <p>An entry is four longs. Words of up to 16 bytes are their own key: their first and their last
 * 8 bytes (which may overlap) and the length. Longer ones keep a hash and a place in {@link
 * #longWords}. Up to four ids of 24 bits are in the entry, more in {@link #manyIds}. When one of
 * these two rows is full everything is forgotten, which costs little and happens rarely.
 */
public final class WordCache {
  /** Longer words are not kept. */
  private static final int MAX_WORD = 255;

  /** Ids that fit an entry. */
  public static final int MAX_IDS = 1 << 24;

  private static final long PHI = 0x9E3779B97F4A7C15L;
  private static final long PSI = 0xC2B2AE3D27D4EB4FL;
  private static final int ENTRY_BITS = 17;
  private static final int ID_BITS = 24;
  private static final int ID_MASK = MAX_IDS - 1;
  private static final int INLINE_IDS = 4;
  private static final int MAX_COUNT = 255;

  /** The bytes of a word among its first eight and among the eight behind them, by length. */
  private static final long[] FIRST_BYTES = new long[17];

  private static final long[] SECOND_BYTES = new long[17];

  static {
    for (int length = 1; length <= 16; length++) {
      FIRST_BYTES[length] = -1L >>> (length < 8 ? 64 - 8 * length : 0);
      SECOND_BYTES[length] = length <= 8 ? 0 : -1L >>> 128 - 8 * length;
    }
  }

  private final long[] entries = new long[4 << ENTRY_BITS];
  private final byte[] longWords = new byte[1 << 20];
  private final int[] manyIds = new int[1 << 18];
  private int longWordsEnd;
  private int manyIdsEnd;
  private int turn;

  // The key of the word last looked for, so that put need not make it again.
  private long keyA;
  private long keyB;

  /**
   * Whether it pays to keep the word {@code text[from, to)}. A long one only when it begins in
   * ASCII, such as indentation or a ruler: in scripts without spaces whole clauses are words, and
   * hardly one comes twice.
   */
  public static boolean keeps(byte[] text, int from, int to) {
    return to - from <= 16 || (to - from <= MAX_WORD && text[from] >= 0 && text[from + 1] >= 0);
  }

  /**
   * Looks for the word {@code text[from, to)} that {@link #keeps} accepts.
   *
   * @return where its entry begins, or -1
   */
  public int find(byte[] text, int from, int to) {
    int length = to - from;
    if (length > 16) {
      return findLong(text, from, to);
    }
    long a;
    long b;
    if (text.length - from >= 16) {
      a = Words8.load(text, from) & FIRST_BYTES[length];
      b = Words8.load(text, from + 8) & SECOND_BYTES[length];
    } else {
      a = atEnd(text, from, Math.min(to, from + 8));
      b = atEnd(text, from + 8, to);
    }
    keyA = a;
    keyB = b;
    int at = place(a, b);
    long[] entries = this.entries;
    if (entries[at] == a && entries[at + 1] == b && length(entries[at + 2]) == length) {
      return at;
    }
    at ^= 4;
    if (entries[at] == a && entries[at + 1] == b && length(entries[at + 2]) == length) {
      return at;
    }
    return -1;
  }

  private static long atEnd(byte[] text, int from, int to) {
    long word = 0;
    for (int i = to - 1; i >= from; i--) {
      word = word << 8 | (text[i] & 0xFF);
    }
    return word;
  }

  private static int place(long a, long b) {
    long hash = a * PHI ^ b * PSI;
    hash = (hash ^ hash >>> 32) * PHI;
    return (int) (hash >>> 64 - ENTRY_BITS) << 2;
  }

  private int findLong(byte[] text, int from, int to) {
    long hash = to - from;
    int at = from;
    for (; at + 8 <= to; at += 8) {
      hash = (hash ^ Words8.load(text, at)) * PHI;
      hash ^= hash >>> 29;
    }
    hash = (hash ^ Words8.load(text, to - 8)) * PHI;
    keyA = hash;
    int place = place(hash, to - from);
    if (isLong(place, hash, text, from, to)) {
      return place;
    }
    place ^= 4;
    return isLong(place, hash, text, from, to) ? place : -1;
  }

  private boolean isLong(int at, long hash, byte[] text, int from, int to) {
    if (entries[at] != hash || length(entries[at + 2]) != to - from) {
      return false;
    }
    int word = (int) entries[at + 1];
    return Arrays.equals(longWords, word, word + to - from, text, from, to);
  }

  // Third long of an entry: length 8 bits, count 8, second id 24, first id 24.

  private static int length(long meta) {
    return (int) (meta >>> 56);
  }

  /** How many ids the entry at {@code at} has. */
  public int count(int at) {
    return (int) (entries[at + 2] >>> 48) & 0xFF;
  }

  /**
   * The third long of an entry, from which {@link #first}, {@link #second}, {@link #count} read.
   */
  public long meta(int at) {
    return entries[at + 2];
  }

  /** The number of ids. */
  public static int countOf(long meta) {
    return (int) (meta >>> 48) & 0xFF;
  }

  /** The first id. */
  public static int first(long meta) {
    return (int) meta & ID_MASK;
  }

  /** The second id; of no meaning when there is but one. */
  public static int second(long meta) {
    return (int) (meta >>> ID_BITS) & ID_MASK;
  }

  /** Appends all ids of the entry at {@code at}. */
  public void append(int at, TokenBuffer out) {
    int count = count(at);
    long rest = entries[at + 3];
    if (count > INLINE_IDS) {
      out.addAll(manyIds, (int) rest, count);
      return;
    }
    long meta = entries[at + 2];
    if (count > 0) {
      out.add(first(meta));
    }
    if (count > 1) {
      out.add(second(meta));
    }
    if (count > 2) {
      out.add((int) rest & ID_MASK);
    }
    if (count > 3) {
      out.add((int) (rest >>> ID_BITS) & ID_MASK);
    }
  }

  /** Keeps the word that {@link #find} has just not found, with its ids. */
  public void put(byte[] text, int from, int to, int[] ids, int idsFrom, int count) {
    int length = to - from;
    if (count > MAX_COUNT) {
      return;
    }
    if ((length > 16 && longWordsEnd + length > longWords.length)
        || (count > INLINE_IDS && manyIdsEnd + count > manyIds.length)) {
      clear();
    }
    int at = length > 16 ? place(keyA, length) : place(keyA, keyB);
    if (entries[at + 2] != 0 && (entries[(at ^ 4) + 2] == 0 || (turn++ & 1) == 0)) {
      at ^= 4;
    }
    entries[at] = keyA;
    if (length > 16) {
      System.arraycopy(text, from, longWords, longWordsEnd, length);
      entries[at + 1] = longWordsEnd;
      longWordsEnd += length;
    } else {
      entries[at + 1] = keyB;
    }
    long meta = (long) length << 56 | (long) count << 48;
    long rest = 0;
    if (count > INLINE_IDS) {
      System.arraycopy(ids, idsFrom, manyIds, manyIdsEnd, count);
      rest = manyIdsEnd;
      manyIdsEnd += count;
    } else {
      meta |= (count > 1 ? (long) ids[idsFrom + 1] << ID_BITS : 0) | (count > 0 ? ids[idsFrom] : 0);
      rest =
          (count > 3 ? (long) ids[idsFrom + 3] << ID_BITS : 0) | (count > 2 ? ids[idsFrom + 2] : 0);
    }
    entries[at + 2] = meta;
    entries[at + 3] = rest;
  }

  private void clear() {
    Arrays.fill(entries, 0);
    longWordsEnd = 0;
    manyIdsEnd = 0;
  }
}
