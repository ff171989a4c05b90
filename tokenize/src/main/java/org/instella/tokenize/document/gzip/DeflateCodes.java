package org.instella.tokenize.document.gzip;

import java.util.Arrays;

/** The alphabets of deflate (RFC 1951, 3.2.5 to 3.2.7) as entries of {@link HuffmanTable}. */
final class DeflateCodes {
  /** Order in which the lengths of the code of the code lengths are given. */
  static final int[] LENGTH_ORDER = {
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15
  };

  static final int END = 256;
  static final int LITERALS = 288;
  static final int DISTANCES = 32;

  /** Of the bits of the first look-up: nearly all symbols of text have shorter codes. */
  static final int LITERAL_BITS = 10;

  static final int DISTANCE_BITS = 9;
  private static final int LENGTH_CODE_BITS = 7;

  private static final HuffmanTable FIXED_LITERALS = fixedLiterals();
  private static final HuffmanTable FIXED_DISTANCES = fixedDistances();

  private DeflateCodes() {}

  static HuffmanTable literals() {
    int[] symbols = new int[LITERALS];
    Arrays.fill(symbols, HuffmanTable.EXCEPTION);
    for (int i = 0; i < END; i++) {
      symbols[i] = HuffmanTable.LITERAL | i << 16;
    }
    symbols[END] = HuffmanTable.EXCEPTION | HuffmanTable.END_OF_BLOCK;
    int length = 3;
    for (int i = 0; i < 28; i++) {
      int extra = i < 8 ? 0 : (i - 4) / 4;
      symbols[257 + i] = length << 16 | extra;
      length += 1 << extra;
    }
    symbols[285] = 258 << 16;
    return new HuffmanTable(symbols, LITERAL_BITS, HuffmanTable.MAX_BITS);
  }

  static HuffmanTable distances() {
    int[] symbols = new int[DISTANCES];
    Arrays.fill(symbols, HuffmanTable.EXCEPTION);
    int distance = 1;
    for (int i = 0; i < 30; i++) {
      int extra = i < 4 ? 0 : (i - 2) / 2;
      symbols[i] = distance << 16 | extra;
      distance += 1 << extra;
    }
    return new HuffmanTable(symbols, DISTANCE_BITS, HuffmanTable.MAX_BITS);
  }

  /** The code of the code lengths; an entry's value is the symbol. */
  static HuffmanTable codeLengths() {
    int[] symbols = new int[LENGTH_ORDER.length];
    Arrays.setAll(symbols, i -> i << 16);
    return new HuffmanTable(symbols, LENGTH_CODE_BITS, LENGTH_CODE_BITS);
  }

  static HuffmanTable fixed(boolean distances) {
    return distances ? FIXED_DISTANCES : FIXED_LITERALS;
  }

  private static HuffmanTable fixedLiterals() {
    byte[] lengths = new byte[LITERALS];
    Arrays.fill(lengths, 0, 144, (byte) 8);
    Arrays.fill(lengths, 144, 256, (byte) 9);
    Arrays.fill(lengths, 256, 280, (byte) 7);
    Arrays.fill(lengths, 280, LITERALS, (byte) 8);
    return built(literals(), lengths);
  }

  private static HuffmanTable fixedDistances() {
    byte[] lengths = new byte[DISTANCES];
    Arrays.fill(lengths, (byte) 5);
    return built(distances(), lengths);
  }

  private static HuffmanTable built(HuffmanTable table, byte[] lengths) {
    if (!table.build(lengths, 0, lengths.length, false)) {
      throw new IllegalStateException("the fixed code of deflate is none");
    }
    return table;
  }
}
