package org.instella.tokenize.bpe.unicode;

/**
 * Turns Java strings into UTF-8 without garbage; an unpaired surrogate becomes U+FFFD, where {@code
 * String.getBytes} would write a question mark. Owned by one thread.
 */
public final class Utf16Reader {
  private static final int CHUNK = 4096;
  private static final int BLOCK = 32;

  private final char[] chars = new char[CHUNK];

  /** Replaces what {@code into} holds by the UTF-8 of {@code text}. */
  public void read(String text, Utf8Buffer into) {
    into.clear();
    int length = text.length();
    for (int from = 0; from < length; ) {
      int to = Math.min(length, from + CHUNK);
      if (to < length && Character.isHighSurrogate(text.charAt(to - 1))) {
        to--; // keep the pair together
        if (to == from) {
          to++;
        }
      }
      text.getChars(from, to, chars, 0);
      append(to - from, into);
      from = to;
    }
  }

  private void append(int count, Utf8Buffer into) {
    into.ensureRoom(3 * count);
    byte[] bytes = into.bytes();
    int size = into.size();
    int i = 0;
    while (i < count) {
      while (count - i >= BLOCK) {
        int all = 0;
        for (int k = 0; k < BLOCK; k++) {
          all |= chars[i + k];
        }
        if (all >= 0x80) {
          break;
        }
        for (int k = 0; k < BLOCK; k++) {
          bytes[size + k] = (byte) chars[i + k];
        }
        i += BLOCK;
        size += BLOCK;
      }
      for (int stop = Math.min(count, i + BLOCK); i < stop; i++) {
        char c = chars[i];
        if (Character.isHighSurrogate(c)
            && i + 1 < count
            && Character.isLowSurrogate(chars[i + 1])) {
          size = Utf8.put(Character.toCodePoint(c, chars[++i]), bytes, size);
        } else {
          size = Utf8.put(c, bytes, size);
        }
      }
    }
    into.size(size);
  }
}
