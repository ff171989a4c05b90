package org.instella.tokenize.bpe.split;

import org.instella.tokenize.bpe.unicode.CodePoints;
import org.instella.tokenize.bpe.unicode.Utf8;
import org.instella.tokenize.bpe.unicode.Words8;

/** Steps that the scanners share; ASCII by table, the rest by code point. */
final class Scan {
  /** Kind of each byte; {@link #BEYOND} for those that begin or continue longer characters. */
  private static final byte[] KINDS = new byte[256];

  private static final byte BEYOND = 4;

  static {
    for (int b = 0; b < 256; b++) {
      KINDS[b] = b < 0x80 ? (byte) CodePoints.kind(b) : BEYOND;
    }
  }

  private Scan() {}

  /** The kind of the character at {@code at}. */
  static int kind(byte[] text, int at) {
    int kind = KINDS[text[at] & 0xFF];
    return kind != BEYOND ? kind : CodePoints.kind(Utf8.codePoint(text, at));
  }

  /** As {@link #run} of letters, eight ASCII letters at a time. */
  static int letters(byte[] text, int from, int to) {
    int at = from;
    while (to - at >= 8) {
      int count = Words8.leading(Words8.asciiLetters(Words8.load(text, at)));
      at += count;
      if (count < 8) {
        return text[at] >= 0 ? at : run(text, at, to, CodePoints.LETTER);
      }
    }
    return run(text, at, to, CodePoints.LETTER);
  }

  /** The first place in [from, to) whose character is not of {@code kind}, or {@code to}. */
  static int run(byte[] text, int from, int to, int kind) {
    int at = from;
    while (at < to) {
      int here = KINDS[text[at] & 0xFF];
      if (here == kind) {
        at++;
      } else if (here != BEYOND || CodePoints.kind(Utf8.codePoint(text, at)) != kind) {
        return at;
      } else {
        at += Utf8.length(text[at]);
      }
    }
    return to;
  }

  /**
   * The end of {@code \s+(?!\S)|\s+}: all of a run of white space at the end of the piece, else all
   * but its last character, else that one.
   *
   * @param end the end of the run that begins at {@code from}
   */
  static int spacesBefore(byte[] text, int from, int end, int to) {
    if (end == to) {
      return end;
    }
    int last = Utf8.before(text, end);
    return last > from ? last : end;
  }
}
