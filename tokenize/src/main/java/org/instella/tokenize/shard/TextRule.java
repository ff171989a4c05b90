package org.instella.tokenize.shard;

import static java.nio.charset.StandardCharsets.UTF_8;

/** What happens to a text before it is encoded. */
public enum TextRule {
  /** Nothing. */
  AS_IS,
  /** White space at both ends is cut off, as Dolma's tokeniser does (Python's {@code strip}). */
  STRIP;

  /** The text to encode of a text, both as UTF-8. */
  public byte[] apply(byte[] utf8) {
    return switch (this) {
      case AS_IS -> utf8;
      case STRIP -> stripped(new String(utf8, UTF_8)).getBytes(UTF_8);
    };
  }

  private static String stripped(String text) {
    int from = 0;
    int to = text.length();
    while (from < to && isPythonSpace(text.charAt(from))) {
      from++;
    }
    while (to > from && isPythonSpace(text.charAt(to - 1))) {
      to--;
    }
    return text.substring(from, to);
  }

  /** Java's own idea of white space leaves out the no-break spaces. */
  private static boolean isPythonSpace(char c) {
    return Character.isSpaceChar(c) || (c >= 9 && c <= 13) || (c >= 28 && c <= 31) || c == 0x85;
  }
}
