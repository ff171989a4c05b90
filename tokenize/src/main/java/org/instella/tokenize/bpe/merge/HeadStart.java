package org.instella.tokenize.bpe.merge;

import java.util.Arrays;
import org.instella.tokenize.bpe.unicode.Utf8;

/**
 * For each character beyond ASCII the symbols that its bytes become whatever stands around it, so
 * that a word starts with them instead of with bytes. Immutable.
 *
 * <p>A merge inside a character is one of these when it ranks before every merge that could until
 * then join a part of the character with a part of a neighbour. As no merge opens one of a lower
 * rank ({@link MergeTable#growing}), doing it at once changes nothing else. Only merges whose right
 * part begins a character, not continues one, can go over the border of two characters.
 */
final class HeadStart {
  private static final int END = 0x10000;
  private static final int ID_BITS = 21;
  private static final int ID_MASK = (1 << ID_BITS) - 1;

  /** Up to three ids plus one each, the first lowest; 0 for none. */
  private final long[] symbols = new long[END];

  private final MergeTable merges;
  private final int[] firstOver;
  private final int[] firstBefore;

  /**
   * @param tokens the bytes of each id, null where there is no such id
   */
  HeadStart(MergeTable merges, byte[][] tokens) {
    this.merges = merges;
    firstOver = new int[tokens.length];
    firstBefore = new int[tokens.length];
    Arrays.fill(firstOver, MergeTable.NONE);
    Arrays.fill(firstBefore, MergeTable.NONE);
    if (!merges.growing()) {
      return;
    }
    for (int rank = 0; rank < merges.size(); rank++) {
      int left = merges.left(rank);
      if (left >= 0 && (tokens[merges.right(rank)][0] & 0xC0) != 0x80) {
        int right = merges.right(rank);
        firstOver[left] = Math.min(firstOver[left], rank);
        firstBefore[right] = Math.min(firstBefore[right], rank);
      }
    }
    byte[] utf8 = new byte[4];
    int[] row = new int[4];
    for (int codePoint = 0x80; codePoint < END; codePoint++) {
      if (codePoint < Character.MIN_SURROGATE || codePoint > Character.MAX_SURROGATE) {
        int length = Utf8.put(codePoint, utf8, 0);
        symbols[codePoint] = start(utf8, length, row);
      }
    }
  }

  private long start(byte[] utf8, int length, int[] row) {
    int count = length;
    for (int i = 0; i < count; i++) {
      row[i] = merges.byteId(utf8[i] & 0xFF);
      if (row[i] < 0) {
        return 0;
      }
    }
    int border = MergeTable.NONE;
    while (count > 1) {
      border = Math.min(border, Math.min(firstBefore[row[0]], firstOver[row[count - 1]]));
      int at = 0;
      int best = MergeTable.NONE;
      for (int i = 0; i + 1 < count; i++) {
        int rank = merges.rank(row[i], row[i + 1]);
        if (rank < best) {
          best = rank;
          at = i;
        }
      }
      if (best >= border) {
        break;
      }
      row[at] = merges.result(best);
      count--;
      System.arraycopy(row, at + 2, row, at + 1, count - at - 1);
    }
    if (count == length) {
      return 0;
    }
    long packed = 0;
    for (int i = count - 1; i >= 0; i--) {
      packed = packed << ID_BITS | (row[i] + 1);
    }
    return packed;
  }

  /**
   * The symbols of a character as {@link #id} and {@link #rest} take them apart, or 0 when it has
   * to start as bytes.
   */
  long of(int codePoint) {
    return codePoint < END ? symbols[codePoint] : 0;
  }

  /** The first of the symbols, which are not 0. */
  static int id(long symbols) {
    return (int) (symbols & ID_MASK) - 1;
  }

  /** The symbols behind the first, or 0. */
  static long rest(long symbols) {
    return symbols >>> ID_BITS;
  }
}
