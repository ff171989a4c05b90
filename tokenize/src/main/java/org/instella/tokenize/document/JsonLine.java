package org.instella.tokenize.document;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;

/**
 * The fast way through a line: takes the wanted fields out of one JSON object, from UTF-8 to UTF-8.
 *
 * <p>It accepts only what is surely JSON (RFC 8259) with a text that is a string, and gives up at
 * anything else, bad or merely unusual; {@link JsonLinesReader} then asks Jackson, which knows why.
 * What it accepts it reads as Jackson does.
 */
final class JsonLine {
  private static final int MAX_DEPTH = 60;
  private static final int GIVE_UP = -1;

  private final byte[] textName;
  private final byte[] idName;
  private final byte[] sourceName;

  private byte[] bytes = new byte[0];
  private int to;

  private final JsonString names;
  private final JsonString text;
  private boolean hasText;
  private String id;
  private String source;

  /** Reads lines of {@code schema}; text and other strings come to stand in these two. */
  JsonLine(DocumentSchema schema, JsonString text, JsonString names) {
    this.text = text;
    this.names = names;
    textName = schema.text().getBytes(UTF_8);
    idName = schema.id().getBytes(UTF_8);
    sourceName = schema.source().getBytes(UTF_8);
  }

  /** Reads {@code line[from .. end)}; false where it is not UTF-8 or Jackson has to decide. */
  boolean read(byte[] line, int from, int end) {
    int behind = readObject(line, from, end);
    return behind >= 0 && space(behind) == to && isUtf8(from, end);
  }

  /**
   * Reads the line that begins at {@code from}, without knowing where it ends: a newline cannot
   * stand inside an object that is accepted.
   *
   * @return the place of the newline; below 0 where it is not before {@code end}, where the line is
   *     not UTF-8, or where Jackson has to decide
   */
  int readLine(byte[] buffer, int from, int end) {
    int behind = readObject(buffer, from, end);
    if (behind < 0) {
      return GIVE_UP;
    }
    int newline = space(behind);
    return newline < to && bytes[newline] == '\n' && isUtf8(from, newline) ? newline : GIVE_UP;
  }

  private boolean isUtf8(int from, int end) {
    return Utf8.firstBad(bytes, from, end) < 0;
  }

  /** The place behind the closing brace. */
  private int readObject(byte[] line, int from, int end) {
    bytes = line;
    to = end;
    hasText = false;
    id = null;
    source = null;
    int at = space(from);
    if (!is(at, '{')) {
      return GIVE_UP;
    }
    at = space(at + 1);
    if (is(at, '}')) {
      return GIVE_UP;
    }
    while (true) {
      at = member(at);
      if (at < 0) {
        return GIVE_UP;
      }
      if (is(at, '}')) {
        return hasText ? at + 1 : GIVE_UP;
      }
      if (!is(at, ',')) {
        return GIVE_UP;
      }
      at = space(at + 1);
    }
  }

  /** Holds the text until the next line is read. */
  JsonString text() {
    return text;
  }

  /** The id, or null where there is none. */
  String id() {
    return id;
  }

  /** The source, or null where there is none. */
  String source() {
    return source;
  }

  /** Reads name and value; gives the place of the comma or brace behind them. */
  private int member(int at) {
    if (!is(at, '"')) {
      return GIVE_UP;
    }
    int nameAt = at + 1;
    int nameEnd = names.special(bytes, nameAt, to);
    if (!is(nameEnd, '"')) {
      return GIVE_UP; // an escape in a name is rare enough
    }
    at = space(nameEnd + 1);
    if (!is(at, ':')) {
      return GIVE_UP;
    }
    at = space(at + 1);
    // One call for all fields: the compiler puts it in line, and has registers for one only.
    boolean isText = isName(textName, nameAt, nameEnd);
    boolean isId = !isText && isName(idName, nameAt, nameEnd);
    boolean isSource = !isText && !isId && isName(sourceName, nameAt, nameEnd);
    JsonString string = isText ? text : names;
    int end = isText || isId || isSource ? string(string, at) : skip(at, 0);
    if (end < 0) {
      return GIVE_UP;
    }
    hasText |= isText;
    if (isId) {
      id = string.toString();
    } else if (isSource) {
      source = string.toString();
    }
    return space(end);
  }

  private boolean isName(byte[] name, int from, int end) {
    return Arrays.equals(name, 0, name.length, bytes, from, end);
  }

  private boolean is(int at, char c) {
    return at >= 0 && at < to && bytes[at] == c;
  }

  private int space(int at) {
    while (at < to && (bytes[at] == ' ' || bytes[at] == '\t' || bytes[at] == '\r')) {
      at++;
    }
    return at;
  }

  private int string(JsonString string, int at) {
    return is(at, '"') ? string.read(bytes, at + 1, to) : GIVE_UP;
  }

  /** The place behind the value at {@code at}. */
  private int skip(int at, int depth) {
    if (at >= to || depth > MAX_DEPTH) {
      return GIVE_UP;
    }
    return switch (bytes[at]) {
      case '"' -> names.skip(bytes, at + 1, to);
      case '{' -> skipAll(at, '}', depth, true);
      case '[' -> skipAll(at, ']', depth, false);
      case 't' -> skipWord(at, "true");
      case 'f' -> skipWord(at, "false");
      case 'n' -> skipWord(at, "null");
      default -> skipNumber(at);
    };
  }

  private int skipAll(int open, char close, int depth, boolean named) {
    int at = space(open + 1);
    if (is(at, close)) {
      return at + 1;
    }
    while (true) {
      if (named) {
        at = is(at, '"') ? names.skip(bytes, at + 1, to) : GIVE_UP;
        at = at < 0 ? at : space(at);
        if (!is(at, ':')) {
          return GIVE_UP;
        }
        at = space(at + 1);
      }
      at = skip(at, depth + 1);
      at = at < 0 ? at : space(at);
      if (is(at, close)) {
        return at + 1;
      }
      if (!is(at, ',')) {
        return GIVE_UP;
      }
      at = space(at + 1);
    }
  }

  private int skipWord(int at, String word) {
    for (int i = 0; i < word.length(); i++) {
      if (!is(at + i, word.charAt(i))) {
        return GIVE_UP;
      }
    }
    return at + word.length();
  }

  private int skipNumber(int at) {
    int i = is(at, '-') ? at + 1 : at;
    int end = digits(i);
    if (end == i || (bytes[i] == '0' && end > i + 1)) {
      return GIVE_UP;
    }
    if (is(end, '.')) {
      i = end + 1;
      end = digits(i);
      if (end == i) {
        return GIVE_UP;
      }
    }
    if (is(end, 'e') || is(end, 'E')) {
      i = end + 1;
      i = is(i, '+') || is(i, '-') ? i + 1 : i;
      end = digits(i);
      if (end == i) {
        return GIVE_UP;
      }
    }
    return end;
  }

  private int digits(int at) {
    int i = at;
    while (i < to && bytes[i] >= '0' && bytes[i] <= '9') {
      i++;
    }
    return i;
  }
}
