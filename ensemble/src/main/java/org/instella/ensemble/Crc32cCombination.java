package org.instella.ensemble;

/**
 * CRC-32C of a text from the CRCs of its parts, so that parts may be read in any order by any
 * thread. Appending zero bytes is a linear map over GF(2); its powers are found by squaring (as in
 * zlib's crc32_combine).
 */
final class Crc32cCombination {
  private static final int POLYNOMIAL = 0x82f63b78; // Castagnoli, reflected

  private Crc32cCombination() {}

  /** CRC of {@code a} followed by {@code b}, which has {@code lengthOfB} bytes. */
  static int combine(int crcOfA, int crcOfB, long lengthOfB) {
    int[] map = oneZeroBit();
    for (int i = 0; i < 3; i++) {
      map = squared(map); // one, two, four, eight zero bits: one zero byte
    }
    int crc = crcOfA;
    for (long length = lengthOfB; length != 0; length >>>= 1) {
      if ((length & 1) != 0) {
        crc = times(map, crc);
      }
      map = squared(map);
    }
    return crc ^ crcOfB;
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
    int[] square = new int[32];
    for (int bit = 0; bit < 32; bit++) {
      square[bit] = times(map, map[bit]);
    }
    return square;
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
