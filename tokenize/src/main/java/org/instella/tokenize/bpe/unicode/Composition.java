package org.instella.tokenize.bpe.unicode;

import java.util.Arrays;
import java.util.List;

/**
 * Canonical decompositions, compositions and combining classes, Hangul by arithmetic (Unicode
 * Standard, section 3.12).
 */
final class Composition {
  static final Composition TABLES = new Composition(CharacterTables.read());

  static final int HANGUL = 0xAC00;
  static final int HANGUL_COUNT = 11172;
  static final int LEADING = 0x1100;
  static final int LEADING_COUNT = 19;
  static final int VOWEL = 0x1161;
  static final int VOWEL_COUNT = 21;

  /** One before the first trailing consonant, so that 0 stands for none. */
  static final int TRAILING = 0x11A7;

  static final int TRAILING_COUNT = 28;

  /** All marks with a class lie below. */
  private static final int CLASSES_END = 0x1F000;

  /** The second part of a decomposition into one. */
  static final int NO_SECOND = 0x1FFFFF;

  private static final int POINT_BITS = 21;

  private final byte[] classes = new byte[CLASSES_END];
  private final int[] decomposable;
  private final int[] joining;
  private final LongTable decompositions;
  private final LongTable compositions;

  private Composition(CharacterTables tables) {
    for (String name : tables.names("class ")) {
      tables.fill(name, classes, Integer.parseInt(name.substring("class ".length())));
    }
    int[][] composed = parse(tables.words("composed"));
    int[][] decomposed = parse(tables.words("decomposed"));
    decompositions = new LongTable(composed.length + decomposed.length);
    compositions = new LongTable(composed.length);
    for (int[] parts : composed) {
      compositions.put(pair(parts[1], parts[2]), parts[0]);
      decompositions.put(parts[0], pair(parts[1], parts[2]));
    }
    for (int[] parts : decomposed) {
      decompositions.put(parts[0], pair(parts[1], parts[2]));
    }
    joining = Arrays.stream(composed).mapToInt(parts -> parts[2]).toArray();
    decomposable = Arrays.stream(decomposed).mapToInt(parts -> parts[0]).toArray();
  }

  /** {@code A=B} or {@code A=B+C} as {A, B, C}. */
  private static int[][] parse(List<String> words) {
    return words.stream()
        .map(
            word -> {
              String[] parts = word.split("[=+]");
              return new int[] {
                Integer.parseInt(parts[0], 16),
                Integer.parseInt(parts[1], 16),
                parts.length > 2 ? Integer.parseInt(parts[2], 16) : NO_SECOND
              };
            })
        .toArray(int[][]::new);
  }

  private static long pair(int first, int second) {
    return (long) first << POINT_BITS | second;
  }

  static int first(long pair) {
    return (int) (pair >>> POINT_BITS);
  }

  static int second(long pair) {
    return (int) pair & NO_SECOND;
  }

  /** The canonical combining class, 0 for a starter. */
  int combiningClass(int codePoint) {
    return codePoint < CLASSES_END ? classes[codePoint] & 0xFF : 0;
  }

  /**
   * The two parts as {@link #first} and {@link #second} read them, the second {@link #NO_SECOND}
   * where there is but one; -1 when the code point does not decompose. Hangul is not in the table.
   */
  long decomposition(int codePoint) {
    return decompositions.get(codePoint);
  }

  /** What the two join to, or -1. */
  int composed(int first, int second) {
    if (first >= LEADING
        && first < LEADING + LEADING_COUNT
        && second >= VOWEL
        && second < VOWEL + VOWEL_COUNT) {
      return HANGUL + ((first - LEADING) * VOWEL_COUNT + second - VOWEL) * TRAILING_COUNT;
    }
    if (first >= HANGUL
        && first < HANGUL + HANGUL_COUNT
        && (first - HANGUL) % TRAILING_COUNT == 0
        && second > TRAILING
        && second < TRAILING + TRAILING_COUNT) {
      return first + second - TRAILING;
    }
    return (int) compositions.get(pair(first, second));
  }

  /** Sets the NFC marks of {@link CodePoints}. */
  void markActive(byte[] properties) {
    for (int codePoint = 0; codePoint < CLASSES_END; codePoint++) {
      if (classes[codePoint] != 0) {
        properties[codePoint] |= CodePoints.ACTIVE;
      }
    }
    for (int codePoint : decomposable) {
      properties[codePoint] |= CodePoints.ACTIVE | CodePoints.CHANGES;
    }
    for (int codePoint : joining) {
      properties[codePoint] |= CodePoints.ACTIVE | CodePoints.CHANGES;
    }
    for (int i = 0; i < VOWEL_COUNT; i++) {
      properties[VOWEL + i] |= CodePoints.ACTIVE | CodePoints.CHANGES;
    }
    for (int i = 1; i < TRAILING_COUNT; i++) {
      properties[TRAILING + i] |= CodePoints.ACTIVE | CodePoints.CHANGES;
    }
  }
}
