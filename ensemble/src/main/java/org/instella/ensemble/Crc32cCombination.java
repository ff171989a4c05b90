package org.instella.ensemble;

/**
 * CRC-32C of a text from the CRCs of its parts, so that parts may be read in any order by any
 * thread. Appending zero bytes is a linear map over GF(2); its powers are found by squaring (as in
 * zlib's crc32_combine).
 */
final class Crc32cCombination {
  private static final int POLYNOMIAL = 0x82f63b78; // Castagnoli, reflected

  private final long length;
  private final int[] zeros; // the map that appends so many zero bytes

  /** Appending of parts that have {@code length} bytes. */
  Crc32cCombination(long length) {
    this.length = length;
    int[] map = oneZeroBit();
    for (int i = 0; i < 3; i++) {
      map = squared(map); // one, two, four, eight zero bits: one zero byte
    }
    int[] appended = identity();
    for (long rest = length; rest != 0; rest >>>= 1) {
      if ((rest & 1) != 0) {
        appended = product(map, appended);
      }
      map = squared(map);
    }
    zeros = appended;
  }

  long length() {
    return length;
  }

  /** CRC of {@code a} followed by {@code b}, from theirs. */
  int append(int crcOfA, int crcOfB) {
    return times(zeros, crcOfA) ^ crcOfB;
  }

  private static int[] identity() {
    int[] map = new int[32];
    for (int bit = 0; bit < 32; bit++) {
      map[bit] = 1 << bit;
    }
    return map;
  }

  private static int[] oneZeroBit() {
    int[] map = new int[32];
    map[0] = POLYNOMIAL;
    for (int bit = 1; bit < 32; bit++) {
      map[bit] = 1 << (bit - 1);
    }
    return map;
  }

  private static int[] squared(int[] map) {
    return product(map, map);
  }

  /** First {@code second}, then {@code first}. */
  private static int[] product(int[] first, int[] second) {
    int[] product = new int[32];
    for (int bit = 0; bit < 32; bit++) {
      product[bit] = times(first, second[bit]);
    }
    return product;
  }

  private static int times(int[] map, int vector) {
    int sum = 0;
    for (int bit = 0; bit < 32; bit++) {
      if ((vector >>> bit & 1) != 0) {
        sum ^= map[bit];
      }
    }
    return sum;
  }
}
