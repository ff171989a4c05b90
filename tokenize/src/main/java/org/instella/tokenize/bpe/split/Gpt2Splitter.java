package org.instella.tokenize.bpe.split;

import org.instella.tokenize.bpe.unicode.CodePoints;

/**
 * The pattern of GPT-2, GPT-NeoX, OLMo and Instella: English contractions; letters, numbers or
 * other signs, each with at most one space in front; white space. Written from the pattern itself,
 * {@link #PATTERN}.
 */
final class Gpt2Splitter implements Splitter {
  static final String PATTERN =
      "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

  @Override
  public int next(byte[] text, int from, int to) {
    int first = text[from];
    int kind = Scan.kind(text, from);
    int at = from;
    if (kind == CodePoints.SPACE) {
      if (first == ' ' && from + 1 < to) {
        kind = Scan.kind(text, from + 1);
        at = from + 1;
      }
      if (kind == CodePoints.SPACE) {
        int end = Scan.run(text, at, to, CodePoints.SPACE);
        return Scan.spacesBefore(text, from, end, to);
      }
    } else if (first == '\'') {
      int contraction = contraction(text, from, to);
      if (contraction > 0) {
        return from + contraction;
      }
    }
    return kind == CodePoints.LETTER ? Scan.letters(text, at, to) : Scan.run(text, at, to, kind);
  }

  /** Length of the contraction at an apostrophe, or 0. */
  private static int contraction(byte[] text, int from, int to) {
    if (from + 1 == to) {
      return 0;
    }
    int second = text[from + 1];
    if (second == 's' || second == 't' || second == 'm' || second == 'd') {
      return 2;
    }
    if (from + 2 == to) {
      return 0;
    }
    int third = text[from + 2];
    boolean two =
        (third == 'e' && (second == 'r' || second == 'v')) || (second == 'l' && third == 'l');
    return two ? 3 : 0;
  }
}
