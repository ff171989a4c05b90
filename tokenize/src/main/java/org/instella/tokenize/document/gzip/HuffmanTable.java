package org.instella.tokenize.document.gzip;

import java.util.Arrays;

/**
 * A Huffman code of deflate as a table that decodes a symbol with one look-up, two where its code
 * is long.
 *
 * <p>An entry says all that the decoder does with the symbol:
 *
 * <pre>
 * bits  0..7   how many bits it takes away, those behind the code included
 * bits  8..11  how many of them are the code; what is left is added to the value
 * bit  13      the end of the block
 * bit  14      the code is longer: the value is where its second table begins
 * bit  15      one of these two or, without them, no symbol at all
 * bits 16..30  the value: a literal, the least length, the least distance
 * bit  31      a literal
 * </pre>
 *
 * A second table's entry counts only the bits behind those of the first look-up.
 */
final class HuffmanTable {
  static final int LITERAL = 1 << 31;
  static final int EXCEPTION = 1 << 15;
  static final int LONGER = 1 << 14;
  static final int END_OF_BLOCK = 1 << 13;

  /** Longest code that deflate allows. */
  static final int MAX_BITS = 15;

  private static final int ONE_BIT = 0x101;

  /** Bits of the first look-up. */
  final int bits;

  /** By the next {@link #bits} bits of the stream. */
  final int[] first;

  /** Second tables, one behind the other, each by {@link #secondBits}. */
  final int[] second;

  private final int[] symbols;
  private final int[] count = new int[MAX_BITS + 1];
  private final int[] next = new int[MAX_BITS + 1];
  private final short[] sorted;
  private int secondBits;

  /**
   * A table that has no code yet.
   *
   * @param symbols entries by symbol, without the bits of their codes
   * @param longest bits of the longest code that can occur
   */
  HuffmanTable(int[] symbols, int bits, int longest) {
    this.symbols = symbols;
    this.bits = bits;
    this.first = new int[1 << bits];
    // A code that is complete has two symbols at least behind every prefix.
    this.second = new int[(symbols.length / 2 + 1) << (longest - bits)];
    this.sorted = new short[symbols.length];
  }

  /** The entry of a code whose first bits gave {@code entry}, by the bits behind them. */
  int longer(int entry, long hold) {
    return second[(entry >>> 16) + ((int) hold & ((1 << secondBits) - 1))];
  }

  /** Bits of an entry's code, as far as they are not those of a first look-up. */
  static int codeBits(int entry) {
    return entry >>> 8 & 0xF;
  }

  /**
   * Makes the table of a canonical code.
   *
   * @param lengths bits of each symbol's code, 0 where it has none
   * @param loneAllowed whether no code at all, or a single one of one bit, is allowed
   * @return false if there is no such code: too many short codes, or not enough
   */
  boolean build(byte[] lengths, int from, int symbolCount, boolean loneAllowed) {
    Arrays.fill(count, 0);
    for (int i = 0; i < symbolCount; i++) {
      count[lengths[from + i]]++;
    }
    int longest = MAX_BITS;
    while (longest > 0 && count[longest] == 0) {
      longest--;
    }
    if (!fits(longest, loneAllowed)) {
      return false;
    }
    next[0] = 0;
    next[1] = 0;
    for (int length = 1; length < MAX_BITS; length++) {
      next[length + 1] = next[length] + count[length];
    }
    for (int i = 0; i < symbolCount; i++) {
      int length = lengths[from + i];
      if (length > 0) {
        sorted[next[length]++] = (short) i;
      }
    }
    fill(longest);
    return true;
  }

  private boolean fits(int longest, boolean loneAllowed) {
    int left = 1;
    for (int length = 1; length <= MAX_BITS; length++) {
      left = (left << 1) - count[length];
      if (left < 0) {
        return false;
      }
    }
    return left == 0 || (loneAllowed && longest <= 1);
  }

  /** Codes in ascending order; a table of one bit more is the one before, twice. */
  private void fill(int longest) {
    int at = 0;
    int code = 0;
    first[0] = EXCEPTION;
    for (int length = 1; length <= bits; length++) {
      int half = 1 << (length - 1);
      System.arraycopy(first, 0, first, half, half);
      for (int i = count[length]; i > 0; i--) {
        first[code] = symbols[sorted[at++]] + length * ONE_BIT;
        code = following(code, length);
      }
    }
    secondBits = Math.max(0, longest - bits);
    int begin = -(1 << secondBits);
    int prefix = -1;
    for (int length = bits + 1; length <= longest; length++) {
      for (int i = count[length]; i > 0; i--) {
        if ((code & (first.length - 1)) != prefix) {
          prefix = code & (first.length - 1);
          begin += 1 << secondBits;
          first[prefix] = EXCEPTION | LONGER | begin << 16 | bits;
        }
        int entry = symbols[sorted[at++]] + (length - bits) * ONE_BIT;
        for (int place = code >>> bits; place < 1 << secondBits; place += 1 << (length - bits)) {
          second[begin + place] = entry;
        }
        code = following(code, length);
      }
    }
  }

  /**
   * The code behind {@code code}, both with their first bit lowest, as they stand in the stream.
   */
  private static int following(int code, int length) {
    int bit = 1 << (length - 1);
    while ((code & bit) != 0) {
      bit >>>= 1;
    }
    return bit == 0 ? 0 : code & (bit - 1) | bit;
  }
}
