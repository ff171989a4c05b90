package org.instella.tokenize.bpe.split;

import org.instella.tokenize.bpe.unicode.CodePoints;
import org.instella.tokenize.bpe.unicode.Utf8;

/**
 * The pattern of cl100k, dolma2, Llama 3 and Qwen: contractions in any letter case; letters with
 * one sign in front; up to so many digits; signs with the line ends behind them; white space up to
 * a line end; white space. Written from the pattern itself, {@link #pattern}.
 */
final class Cl100kSplitter implements Splitter {
  private final int digits;

  /** A scanner that takes at most {@code digits} numbers into a pre-token. */
  Cl100kSplitter(int digits) {
    this.digits = digits;
  }

  /** The pattern with the given way to write the numbers. */
  static String pattern(String numbers) {
    return "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|"
        + numbers
        + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  }

  @Override
  public int next(byte[] text, int from, int to) {
    int first = text[from];
    int kind = Scan.kind(text, from);
    if (kind == CodePoints.LETTER) {
      return Scan.letters(text, from, to);
    }
    if (kind == CodePoints.NUMBER) {
      return numbers(text, from, to);
    }
    if (first == '\'') {
      int contraction = contraction(text, from, to);
      if (contraction > 0) {
        return from + contraction;
      }
    }
    int second = from + Utf8.length(first);
    int after = second < to ? Scan.kind(text, second) : CodePoints.SPACE;
    if (after == CodePoints.LETTER && first != '\n' && first != '\r') {
      return Scan.letters(text, second, to);
    }
    if (kind == CodePoints.OTHER || (first == ' ' && after == CodePoints.OTHER)) {
      int at = Scan.run(text, kind == CodePoints.OTHER ? from : second, to, CodePoints.OTHER);
      while (at < to && (text[at] == '\n' || text[at] == '\r')) {
        at++;
      }
      return at;
    }
    return spaces(text, from, to);
  }

  private int numbers(byte[] text, int from, int to) {
    int at = from;
    for (int i = 0; i < digits && at < to && Scan.kind(text, at) == CodePoints.NUMBER; i++) {
      at += Utf8.length(text[at]);
    }
    return at;
  }

  private static int spaces(byte[] text, int from, int to) {
    int end = Scan.run(text, from, to, CodePoints.SPACE);
    for (int at = end - 1; at >= from; at--) {
      if (text[at] == '\n' || text[at] == '\r') {
        return at + 1;
      }
    }
    return Scan.spacesBefore(text, from, end, to);
  }

  /** Length in bytes of the contraction at an apostrophe, or 0; a long s (U+017F) is an s. */
  private static int contraction(byte[] text, int from, int to) {
    if (from + 1 == to) {
      return 0;
    }
    int second = lower(text[from + 1]);
    if (second == 's' || second == 't' || second == 'm' || second == 'd') {
      return 2;
    }
    if (from + 2 == to) {
      return 0;
    }
    if (text[from + 1] == (byte) 0xC5 && text[from + 2] == (byte) 0xBF) {
      return 3;
    }
    int third = lower(text[from + 2]);
    boolean two =
        (third == 'e' && (second == 'r' || second == 'v')) || (second == 'l' && third == 'l');
    return two ? 3 : 0;
  }

  private static int lower(int b) {
    return b >= 'A' && b <= 'Z' ? b + 32 : b;
  }
}
