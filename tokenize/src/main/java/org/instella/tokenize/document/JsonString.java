package org.instella.tokenize.document;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Reads the strings of a line of JSON, from UTF-8 to UTF-8, sixteen bytes at a time where nothing
 * is escaped. Belongs to one thread.
 */
final class JsonString {
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final long ONES = 0x0101010101010101L;
  private static final long HIGH_BITS = 0x8080808080808080L;
  private static final int STEP = 2 * Long.BYTES;
  private static final int GIVE_UP = -1;

  /** What the letter behind a backslash stands for; 0 where it is none of the plain ones. */
  private static final byte[] PLAIN = new byte[256];

  static {
    String letters = "\"\\/bfnrt";
    String meanings = "\"\\/\b\f\n\r\t";
    for (int i = 0; i < letters.length(); i++) {
      PLAIN[letters.charAt(i)] = (byte) meanings.charAt(i);
    }
  }

  private byte[] text = new byte[4096];
  private int size;

  /** The array that holds the string last read; valid up to {@link #size} and until the next. */
  byte[] text() {
    return text;
  }

  int size() {
    return size;
  }

  /** The string last read. */
  @Override
  public String toString() {
    return new String(text, 0, size, UTF_8);
  }

  /** Marks, of eight bytes, the first that is a quote, a backslash or a control character. */
  private static long special(long word) {
    // With one bit turned over a quote is a space; so it and the control characters are what is
    // below '!'. A byte that falls below, or becomes zero, borrows into its highest bit. Bytes of
    // larger characters have it set already and are masked.
    return (((word ^ 2 * ONES) - '!' * ONES) | ((word ^ '\\' * ONES) - ONES)) & ~word & HIGH_BITS;
  }

  private static int first(long marks) {
    return Long.numberOfTrailingZeros(marks) >>> 3;
  }

  /**
   * The first quote, backslash or control character from {@code at} on; the end if there is none.
   */
  int special(byte[] bytes, int at, int to) {
    int i = at;
    for (; i + Long.BYTES <= to; i += Long.BYTES) {
      long word = (long) LONG.get(bytes, i);
      long found = special(word);
      if (found != 0) {
        return i + first(found);
      }
    }
    while (i < to && bytes[i] != '"' && bytes[i] != '\\' && (bytes[i] & 0xFF) >= ' ') {
      i++;
    }
    return i;
  }

  /** The place behind the closing quote of the string that begins at {@code at}, or below 0. */
  int skip(byte[] bytes, int at, int to) {
    int i = at;
    while (true) {
      i = special(bytes, i, to);
      if (i >= to || bytes[i] == '"') {
        return i < to ? i + 1 : GIVE_UP;
      }
      if (bytes[i] != '\\' || i + 1 >= to) {
        return GIVE_UP;
      }
      if (PLAIN[bytes[i + 1] & 0xFF] != 0) {
        i += 2;
      } else if (bytes[i + 1] == 'u' && hex(bytes, i + 2, to) >= 0) {
        i += 6;
      } else {
        return GIVE_UP;
      }
    }
  }

  /**
   * Reads the string whose first byte, behind the quote, is at {@code at}. Words are copied before
   * they are looked at: what is too much of them is written over.
   *
   * @return the place behind its closing quote; below 0 where it is bad, or for Jackson to decide
   */
  int read(byte[] bytes, int at, int to) {
    makeRoom(to - at); // an escape is longer than what it stands for
    byte[] text = this.text;
    int lastStep = to - STEP;
    int size = 0;
    int i = at;
    while (true) {
      while (i <= lastStep) {
        long a = (long) LONG.get(bytes, i);
        long b = (long) LONG.get(bytes, i + Long.BYTES);
        LONG.set(text, size, a);
        LONG.set(text, size + Long.BYTES, b);
        long inA = special(a);
        long inB = special(b);
        if ((inA | inB) != 0) {
          // The first of the sixteen, without a branch that nobody could foresee: of no marks it
          // is 8, and only then the other word counts.
          int plain = first(inA);
          plain += first(inB) & -(plain >>> 3);
          i += plain;
          size += plain;
          break;
        }
        i += STEP;
        size += STEP;
      }
      if (i >= to) {
        return GIVE_UP;
      }
      byte c = bytes[i];
      if (c == '\\') {
        byte plain = i + 1 < to ? PLAIN[bytes[i + 1] & 0xFF] : 0;
        if (plain != 0) {
          text[size++] = plain;
          i += 2;
          continue;
        }
        this.size = size;
        i = unicodeEscape(bytes, i + 1, to);
        if (i < 0) {
          return GIVE_UP;
        }
        size = this.size;
      } else if (c == '"') {
        this.size = size;
        return i + 1;
      } else if ((c & 0xFF) < ' ') {
        return GIVE_UP;
      } else { // near the end, byte by byte
        text[size++] = c;
        i++;
      }
    }
  }

  private void makeRoom(int most) {
    int needed = Math.addExact(most, STEP);
    if (text.length < needed) {
      long doubled = Math.min(2L * text.length, Integer.MAX_VALUE - 8);
      text = new byte[(int) Math.max(needed, doubled)];
    }
  }

  /** Appends what an escape of a code unit stands for; {@code at} is behind the backslash. */
  private int unicodeEscape(byte[] bytes, int at, int to) {
    int unit = at < to && bytes[at] == 'u' ? hex(bytes, at + 1, to) : GIVE_UP;
    int end = at + 5;
    if (unit < 0) {
      return GIVE_UP;
    }
    int codePoint = unit;
    if (Character.isSurrogate((char) unit)) {
      boolean another = end + 1 < to && bytes[end] == '\\' && bytes[end + 1] == 'u';
      int low = another ? hex(bytes, end + 2, to) : GIVE_UP;
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

  private static int hex(byte[] bytes, int at, int to) {
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
      text[size++] = (byte) c;
    } else if (c < 0x800) {
      text[size++] = (byte) (0xC0 | c >> 6);
      text[size++] = (byte) (0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
      text[size++] = (byte) (0xE0 | c >> 12);
      text[size++] = (byte) (0x80 | (c >> 6 & 0x3F));
      text[size++] = (byte) (0x80 | (c & 0x3F));
    } else {
      text[size++] = (byte) (0xF0 | c >> 18);
      text[size++] = (byte) (0x80 | (c >> 12 & 0x3F));
      text[size++] = (byte) (0x80 | (c >> 6 & 0x3F));
      text[size++] = (byte) (0x80 | (c & 0x3F));
    }
  }
}
