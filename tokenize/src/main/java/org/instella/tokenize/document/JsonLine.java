package org.instella.tokenize.document;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The fast way through a line: takes the wanted fields out of one JSON object, from UTF-8 to UTF-8,
 * eight bytes at a time where nothing is escaped.
 *
 * <p>It accepts only what is surely JSON (RFC 8259) with a text that is a string, and gives up at
 * anything else, bad or merely unusual; {@link JsonLinesReader} then asks Jackson, which knows why.
 * What it accepts it reads as Jackson does.
 */
final class JsonLine {
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final long ONES = 0x0101010101010101L;
  private static final long HIGH_BITS = 0x8080808080808080L;
  private static final int MAX_DEPTH = 60;
  private static final int GIVE_UP = -1;

  private final byte[] textName;
  private final byte[] idName;
  private final byte[] sourceName;

  private byte[] bytes = new byte[0];
  private int to;

  /** All bytes of the strings or-ed together: whether one of them is beyond ASCII. */
  private long seen;

  private byte[] string = new byte[4096];
  private int stringSize;

  private byte[] text;
  private String id;
  private String source;

  JsonLine(DocumentSchema schema) {
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
    return (seen & HIGH_BITS) == 0 || Utf8.firstBad(bytes, from, end) < 0;
  }

  /** The place behind the closing brace. */
  private int readObject(byte[] line, int from, int end) {
    bytes = line;
    seen = 0;
    to = end;
    text = null;
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
        return text == null ? GIVE_UP : at + 1;
      }
      if (!is(at, ',')) {
        return GIVE_UP;
      }
      at = space(at + 1);
    }
  }

  /** The text, a fresh array. */
  byte[] text() {
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
    int nameEnd = special(nameAt);
    if (!is(nameEnd, '"')) {
      return GIVE_UP; // an escape in a name is rare enough
    }
    at = space(nameEnd + 1);
    if (!is(at, ':')) {
      return GIVE_UP;
    }
    at = space(at + 1);
    int end;
    if (isName(textName, nameAt, nameEnd)) {
      end = string(at);
      text = end < 0 ? null : Arrays.copyOf(string, stringSize);
    } else if (isName(idName, nameAt, nameEnd)) {
      end = string(at);
      id = end < 0 ? null : new String(string, 0, stringSize, UTF_8);
    } else if (isName(sourceName, nameAt, nameEnd)) {
      end = string(at);
      source = end < 0 ? null : new String(string, 0, stringSize, UTF_8);
    } else {
      end = skip(at, 0);
    }
    return end < 0 ? GIVE_UP : space(end);
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

  /** Marks, of eight bytes, the first that is a quote, a backslash or a control character. */
  private static long special(long word) {
    // A byte that becomes zero, or falls below a space, borrows into its highest bit. Bytes of
    // larger characters have it set already and are masked.
    return (((word ^ ('"' * ONES)) - ONES) | ((word ^ ('\\' * ONES)) - ONES) | (word - ' ' * ONES))
        & ~word
        & HIGH_BITS;
  }

  /**
   * The first quote, backslash or control character from {@code at} on; the end if there is none.
   */
  private int special(int at) {
    byte[] bytes = this.bytes;
    int to = this.to;
    long seen = this.seen;
    int i = at;
    for (; i + Long.BYTES <= to; i += Long.BYTES) {
      long word = (long) LONG.get(bytes, i);
      seen |= word;
      long found = special(word);
      if (found != 0) {
        this.seen = seen;
        return i + Long.numberOfTrailingZeros(found) / Byte.SIZE;
      }
    }
    while (i < to && bytes[i] != '"' && bytes[i] != '\\' && (bytes[i] & 0xFF) >= ' ') {
      seen |= bytes[i];
      i++;
    }
    this.seen = seen;
    return i;
  }

  /**
   * Reads a string into {@code string}; gives the place behind its closing quote. Words are copied
   * before they are looked at: what is too much of them is written over.
   */
  private int string(int at) {
    if (!is(at, '"')) {
      return GIVE_UP;
    }
    byte[] bytes = this.bytes;
    int to = this.to;
    makeRoom(to - at); // an escape is longer than what it stands for
    byte[] string = this.string;
    int size = 0;
    int i = at + 1;
    while (i < to) {
      if (i + Long.BYTES <= to) {
        long word = (long) LONG.get(bytes, i);
        LONG.set(string, size, word);
        seen |= word;
        long found = special(word);
        int plain = found == 0 ? Long.BYTES : Long.numberOfTrailingZeros(found) / Byte.SIZE;
        i += plain;
        size += plain;
        if (found == 0) {
          continue;
        }
      }
      byte c = bytes[i];
      if (c == '"') {
        stringSize = size;
        return i + 1;
      }
      if (c == '\\') {
        int plain = i + 1 < to ? plainEscape(bytes[i + 1]) : GIVE_UP;
        if (plain >= 0) {
          string[size++] = (byte) plain;
          i += 2;
          continue;
        }
        stringSize = size;
        i = unicodeEscape(i + 1);
        if (i < 0) {
          return GIVE_UP;
        }
        size = stringSize;
      } else if ((c & 0xFF) < ' ') {
        return GIVE_UP;
      } else {
        seen |= c;
        string[size++] = c;
        i++;
      }
    }
    return GIVE_UP;
  }

  private void makeRoom(int most) {
    int needed = Math.addExact(most, Long.BYTES);
    if (string.length < needed) {
      long doubled = Math.min(2L * string.length, Integer.MAX_VALUE - 8);
      string = new byte[(int) Math.max(needed, doubled)];
    }
  }

  /** Appends what an escape of a code unit stands for; {@code at} is behind the backslash. */
  private int unicodeEscape(int at) {
    if (at >= to) {
      return GIVE_UP;
    }
    int unit = bytes[at] == 'u' ? hex(at + 1) : GIVE_UP;
    int end = at + 5;
    if (unit < 0) {
      return GIVE_UP;
    }
    int codePoint = unit;
    if (Character.isSurrogate((char) unit)) {
      int low = is(end, '\\') && is(end + 1, 'u') ? hex(end + 2) : GIVE_UP;
      if (low < 0
          || !Character.isHighSurrogate((char) unit)
          || !Character.isLowSurrogate((char) low)) {
        return GIVE_UP;
      }
      codePoint = Character.toCodePoint((char) unit, (char) low);
      end += 6;
    }
    appendCodePoint(codePoint);
    return end;
  }

  private static int plainEscape(byte c) {
    return switch (c) {
      case '"', '\\', '/' -> c;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      default -> GIVE_UP;
    };
  }

  private int hex(int at) {
    if (at + 4 > to) {
      return GIVE_UP;
    }
    int value = 0;
    for (int i = at; i < at + 4; i++) {
      // Character.digit would take digits of other scripts, but a byte alone is none of those.
      int digit = bytes[i] < 0 ? -1 : Character.digit(bytes[i], 16);
      if (digit < 0) {
        return GIVE_UP;
      }
      value = value << 4 | digit;
    }
    return value;
  }

  private void appendCodePoint(int c) {
    if (c < 0x80) {
      string[stringSize++] = (byte) c;
    } else if (c < 0x800) {
      string[stringSize++] = (byte) (0xC0 | c >> 6);
      string[stringSize++] = (byte) (0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
      string[stringSize++] = (byte) (0xE0 | c >> 12);
      string[stringSize++] = (byte) (0x80 | (c >> 6 & 0x3F));
      string[stringSize++] = (byte) (0x80 | (c & 0x3F));
    } else {
      string[stringSize++] = (byte) (0xF0 | c >> 18);
      string[stringSize++] = (byte) (0x80 | (c >> 12 & 0x3F));
      string[stringSize++] = (byte) (0x80 | (c >> 6 & 0x3F));
      string[stringSize++] = (byte) (0x80 | (c & 0x3F));
    }
  }

  /** The place behind the value at {@code at}. */
  private int skip(int at, int depth) {
    if (at >= to || depth > MAX_DEPTH) {
      return GIVE_UP;
    }
    return switch (bytes[at]) {
      case '"' -> skipString(at + 1);
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
        at = is(at, '"') ? skipString(at + 1) : GIVE_UP;
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

  private int skipString(int at) {
    while (true) {
      int end = special(at);
      if (is(end, '"')) {
        return end + 1;
      }
      if (!is(end, '\\') || end + 1 >= to) {
        return GIVE_UP;
      }
      if (plainEscape(bytes[end + 1]) >= 0) {
        at = end + 2;
      } else if (bytes[end + 1] == 'u' && hex(end + 2) >= 0) {
        at = end + 6;
      } else {
        return GIVE_UP;
      }
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
