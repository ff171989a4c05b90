package org.instella.tokenize.bpe.unicode;

/**
 * What each code point is, in one byte: its kind for split patterns and whether NFC has to look at
 * it.
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

  private static final byte[] PROPERTIES = new byte[Character.MAX_CODE_POINT + 1];

  static {
    CharacterTables tables = CharacterTables.read();
    tables.fill("letter", PROPERTIES, LETTER);
    tables.fill("number", PROPERTIES, NUMBER);
    tables.fill("space", PROPERTIES, SPACE);
    Composition.TABLES.markActive(PROPERTIES);
  }

  private CodePoints() {}

  /** One of {@link #OTHER}, {@link #LETTER}, {@link #NUMBER}, {@link #SPACE}. */
  public static int kind(int codePoint) {
    return PROPERTIES[codePoint] & KIND;
  }

  /** The property byte: kind and NFC marks. */
  static int properties(int codePoint) {
    return PROPERTIES[codePoint];
  }
}
