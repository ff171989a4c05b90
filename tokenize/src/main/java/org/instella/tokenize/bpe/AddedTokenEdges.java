package org.instella.tokenize.bpe;

import org.instella.tokenize.bpe.unicode.CodePoints;
import org.instella.tokenize.bpe.unicode.Utf8;

/** What stands directly before and behind an added token in its sentence. */
final class AddedTokenEdges {
  private AddedTokenEdges() {}

  /** Whether neither neighbour of [start, end) within [from, to) is a word character. */
  static boolean alone(byte[] text, int from, int start, int end, int to) {
    return (start == from || !CodePoints.isWord(Utf8.codePoint(text, Utf8.before(text, start))))
        && (end == to || !CodePoints.isWord(Utf8.codePoint(text, end)));
  }

  /** The start of the white space before {@code start}. */
  static int spacesBefore(byte[] text, int from, int start) {
    int at = start;
    while (at > from) {
      int before = Utf8.before(text, at);
      if (CodePoints.kind(Utf8.codePoint(text, before)) != CodePoints.SPACE) {
        break;
      }
      at = before;
    }
    return at;
  }

  /** The end of the white space behind {@code end}. */
  static int spacesAfter(byte[] text, int end, int to) {
    int at = end;
    while (at < to && CodePoints.kind(Utf8.codePoint(text, at)) == CodePoints.SPACE) {
      at += Utf8.length(text[at]);
    }
    return at;
  }
}
