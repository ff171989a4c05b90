package org.instella.tokenize.bpe.unicode;

import java.util.BitSet;

/**
 * What each code point is, in one byte: its kind for split patterns, its part in the steps around
 * them, whether NFC has to look at it.
 *
 * <p>The kinds are those of the reference library's regular expressions (Unicode 16), the marks
 * those of its normaliser (Unicode 10); code points that are newer are plain to it, so they are
 * plain here.
 */
public final class CodePoints {
  /** Neither letter, number nor white space. */
  public static final int OTHER = 0;

  /** Matched by <code>\p{L}</code>. */
  public static final int LETTER = 1;

  /** Matched by <code>\p{N}</code>. */
  public static final int NUMBER = 2;

  /** Matched by {@code \s}. */
  public static final int SPACE = 3;

  private static final int KIND = 3;

  /** Has a combining class, or is changed by NFC, or may join with what stands before it. */
  static final int ACTIVE = 4;

  /** NFC changes it, or may join it with what stands before it. */
  static final int CHANGES = 8;

  private static final int WORD = 16;
  private static final int PUNCTUATION = 32;
  private static final int NUMERIC = 64;

  private static final byte[] PROPERTIES = new byte[Character.MAX_CODE_POINT + 1];

  static {
    CharacterTables tables = CharacterTables.read();
    tables.names("category L").forEach(name -> tables.fill(name, PROPERTIES, LETTER));
    tables.names("category N").forEach(name -> tables.fill(name, PROPERTIES, NUMBER));
    tables.fill("space", PROPERTIES, SPACE);
    tables.fill("word", PROPERTIES, WORD);
    tables.fill("punctuation", PROPERTIES, PUNCTUATION);
    tables.fill("numeric", PROPERTIES, NUMERIC);
    Composition.TABLES.markActive(PROPERTIES);
  }

  private CodePoints() {}

  /** One of {@link #OTHER}, {@link #LETTER}, {@link #NUMBER}, {@link #SPACE}. */
  public static int kind(int codePoint) {
    return PROPERTIES[codePoint] & KIND;
  }

  /** Whether {@code \w} matches it where an added token must be a single word. */
  public static boolean isWord(int codePoint) {
    return (PROPERTIES[codePoint] & WORD) != 0;
  }

  /** Whether a {@code Punctuation} step takes it for punctuation. */
  public static boolean isPunctuation(int codePoint) {
    return (PROPERTIES[codePoint] & PUNCTUATION) != 0;
  }

  /** Whether a {@code Digits} step takes it for a digit. */
  public static boolean isNumeric(int codePoint) {
    return (PROPERTIES[codePoint] & NUMERIC) != 0;
  }

  /**
   * The code points that <code>\p{category}</code> matches; empty for a category that is not in the
   * tables.
   *
   * @param category one letter or two, such as {@code L} or {@code Lu}
   */
  public static BitSet category(String category) {
    BitSet points = new BitSet();
    CharacterTables tables = CharacterTables.read();
    tables.names("category " + category).forEach(name -> tables.fill(name, points));
    return points;
  }

  /** The property byte: the kind and the marks. */
  static int properties(int codePoint) {
    return PROPERTIES[codePoint];
  }
}
