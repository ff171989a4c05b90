package org.instella.eval.request;

/**
 * The few string functions of Python 3 on which benchmark definitions rest and that Java's own
 * methods do not equal: white space is another set, lengths are in code points.
 */
public final class PythonText {
  private PythonText() {}

  /** {@code str.isspace} of one character; all such characters are in the basic plane. */
  public static boolean isWhitespace(int c) {
    return (c >= 0x09 && c <= 0x0D)
        || (c >= 0x1C && c <= 0x20)
        || c == 0x85
        || c == 0xA0
        || c == 0x1680
        || (c >= 0x2000 && c <= 0x200A)
        || c == 0x2028
        || c == 0x2029
        || c == 0x202F
        || c == 0x205F
        || c == 0x3000;
  }

  /** {@code str.strip()}. */
  public static String strip(String text) {
    int end = endWithoutWhitespace(text);
    int start = 0;
    while (start < end && isWhitespace(text.charAt(start))) {
      start++;
    }
    return text.substring(start, end);
  }

  /**
   * Where {@code str.rstrip()} would cut: index after the last character that is no white space.
   */
  public static int endWithoutWhitespace(String text) {
    int end = text.length();
    while (end > 0 && isWhitespace(text.charAt(end - 1))) {
      end--;
    }
    return end;
  }

  /** {@code str.capitalize()}: first code point in title case, all the rest in lower case. */
  public static String capitalize(String text) {
    if (text.isEmpty()) {
      return text;
    }
    int first = text.codePointAt(0);
    int width = Character.charCount(first);
    // Characters whose title case is several characters (ß → Ss) go through String's full mapping.
    String upper = new String(Character.toChars(first)).toUpperCase(java.util.Locale.ROOT);
    String head =
        upper.codePointCount(0, upper.length()) == 1
            ? new String(Character.toChars(Character.toTitleCase(first)))
            : upper.substring(0, Character.charCount(upper.codePointAt(0)))
                + upper
                    .substring(Character.charCount(upper.codePointAt(0)))
                    .toLowerCase(java.util.Locale.ROOT);
    return head + text.substring(width).toLowerCase(java.util.Locale.ROOT);
  }

  /** {@code len(str)}: code points, not UTF-16 units. */
  public static int length(String text) {
    return text.codePointCount(0, text.length());
  }
}
