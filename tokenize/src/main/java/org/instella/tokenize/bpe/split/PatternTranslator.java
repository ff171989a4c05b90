package org.instella.tokenize.bpe.split;

import java.util.BitSet;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.instella.tokenize.bpe.unicode.CodePoints;

/**
 * Rewrites a regular expression of the reference library (Oniguruma, Ruby syntax) as one of the JDK
 * with the same matches, or says that it cannot: categories and {@code \s} become the code points
 * the library means by them, whatever the JDK's own tables say.
 */
final class PatternTranslator {
  /** What stands inside a class for the code points of a category, and for all others. */
  private record Inside(String members, String others) {}

  private static final Map<String, Inside> CATEGORIES = new ConcurrentHashMap<>();

  private static final Inside SPACES =
      new Inside(
          ranges(point -> CodePoints.kind(point) == CodePoints.SPACE),
          ranges(point -> CodePoints.kind(point) != CodePoints.SPACE));

  private final String source;
  private final StringBuilder out = new StringBuilder();
  private int at;

  private PatternTranslator(String source) {
    this.source = source;
  }

  /** The compiled pattern. */
  static Pattern compile(String source) throws UnsupportedPatternException {
    String translated = new PatternTranslator(source).translate();
    try {
      // In Ruby syntax $ is the end of a line and only \n ends one.
      return Pattern.compile(translated, Pattern.MULTILINE | Pattern.UNIX_LINES);
    } catch (PatternSyntaxException e) {
      throw new UnsupportedPatternException(
          "split pattern %s: %s".formatted(source, e.getDescription()));
    }
  }

  private String translate() throws UnsupportedPatternException {
    while (at < source.length()) {
      char c = source.charAt(at);
      switch (c) {
        case '\\' -> escape(false);
        case '[' -> characterClass();
        case '(' -> group();
        case '{' -> counted();
        case '^' -> throw unsupported("^");
        default -> {
          out.append(c);
          at++;
        }
      }
    }
    return out.toString();
  }

  private UnsupportedPatternException unsupported(String what) {
    return new UnsupportedPatternException(
        "split pattern %s: %s at %d is not one we translate".formatted(source, what, at));
  }

  private void group() throws UnsupportedPatternException {
    for (String plain : new String[] {"(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>"}) {
      if (source.startsWith(plain, at)) {
        out.append(plain);
        at += plain.length();
        return;
      }
    }
    if (source.startsWith("(?i:", at)) {
      out.append("(?iu:");
      at += 4;
    } else if (source.startsWith("(?", at)) {
      throw unsupported("this kind of group");
    } else {
      out.append("(?:");
      at++;
    }
  }

  /** {@code {n}}, {@code {n,}}, {@code {n,m}}; a mark behind them means different things. */
  private void counted() throws UnsupportedPatternException {
    int close = source.indexOf('}', at);
    if (close < 0 || !source.substring(at, close + 1).matches("\\{\\d+(,\\d*)?\\}")) {
      throw unsupported("{");
    }
    if (close + 1 < source.length() && "+?*".indexOf(source.charAt(close + 1)) >= 0) {
      throw unsupported("a quantifier behind {}");
    }
    out.append(source, at, close + 1);
    at = close + 1;
  }

  private void characterClass() throws UnsupportedPatternException {
    out.append('[');
    at++;
    if (at < source.length() && source.charAt(at) == '^') {
      out.append('^');
      at++;
    }
    boolean empty = true;
    while (at < source.length() && (source.charAt(at) != ']' || empty)) {
      char c = source.charAt(at);
      if (c == '\\') {
        escape(true);
      } else if (c == '[' || c == '&' || (c == ']' && empty)) {
        throw unsupported("'" + c + "' inside a class");
      } else {
        if (c == ' ' || c == '#') {
          out.append('\\');
        }
        out.append(c);
        at++;
      }
      empty = false;
    }
    if (at == source.length()) {
      throw unsupported("an open class");
    }
    out.append(']');
    at++;
  }

  private void escape(boolean inClass) throws UnsupportedPatternException {
    if (at + 1 == source.length()) {
      throw unsupported("\\");
    }
    char c = source.charAt(at + 1);
    switch (c) {
      case 's' -> spaces(false, inClass);
      case 'S' -> spaces(true, inClass);
      case 'd' -> category("Nd", false, inClass, 2);
      case 'r', 'n', 't', 'f', 'v' -> raw(c == 'v' ? "\\x0B" : "\\" + c, 2);
      case 'p', 'P' -> property(c == 'P', inClass);
      default -> {
        if (Character.isLetterOrDigit(c)) {
          throw unsupported("\\" + c);
        }
        raw("\\" + c, 2);
      }
    }
  }

  private void property(boolean outside, boolean inClass) throws UnsupportedPatternException {
    int close = source.indexOf('}', at);
    if (close < 0 || source.charAt(at + 2) != '{') {
      throw unsupported("\\p");
    }
    String name = source.substring(at + 3, close);
    // Categories C are left out: they hold what is not assigned, in some version of Unicode.
    if (!name.matches("[LMNPSZ]|L[ultmo]|M[nce]|N[dlo]|P[cdseifo]|S[mcko]|Z[slp]")) {
      throw unsupported("\\p{" + name + "}");
    }
    category(name, outside, inClass, close + 1 - at);
  }

  private void raw(String text, int length) {
    out.append(text);
    at += length;
  }

  private void spaces(boolean outside, boolean inClass) {
    append(SPACES, outside, inClass);
    at += 2;
  }

  private void category(String name, boolean outside, boolean inClass, int length) {
    append(CATEGORIES.computeIfAbsent(name, PatternTranslator::category), outside, inClass);
    at += length;
  }

  private static Inside category(String name) {
    BitSet points = CodePoints.category(name);
    return new Inside(members(name, points), ranges(point -> !points.get(point)));
  }

  private void append(Inside inside, boolean outside, boolean inClass) {
    if (inClass) {
      out.append(outside ? inside.others() : inside.members());
    } else {
      out.append(outside ? "[^" : "[").append(inside.members()).append(']');
    }
  }

  /**
   * The inside of a class with the code points of a category: what the JDK takes for it, less and
   * plus the few in which the library differs, as hundreds of ranges would be tried one by one for
   * each character. The first one added guards the others.
   */
  private static String members(String name, BitSet points) {
    String jdk = "\\p{" + name + "}";
    BitSet inJdk = new BitSet();
    Matcher matcher = Pattern.compile(jdk).matcher("");
    for (int point = 0; point <= Character.MAX_CODE_POINT; point++) {
      inJdk.set(point, matcher.reset(Character.toString(point)).matches());
    }
    String less = ranges(point -> inJdk.get(point) && !points.get(point));
    inJdk.flip(0, Character.MAX_CODE_POINT + 1);
    inJdk.and(points);
    String more = ranges(inJdk::get);
    return (less.isEmpty() ? jdk : "[" + jdk + "&&[^" + less + "]]")
        + (more.isEmpty()
            ? ""
            : "[\\x{%X}-\\x{10FFFF}&&[%s]]".formatted(inJdk.nextSetBit(0), more));
  }

  private static String ranges(IntPredicate member) {
    StringBuilder ranges = new StringBuilder();
    int from = -1;
    for (int point = 0; point <= Character.MAX_CODE_POINT + 1; point++) {
      boolean in = point <= Character.MAX_CODE_POINT && member.test(point);
      if (in && from < 0) {
        from = point;
      } else if (!in && from >= 0) {
        ranges.append("\\x{%X}-\\x{%X}".formatted(from, point - 1));
        from = -1;
      }
    }
    return ranges.toString();
  }
}
