package org.instella.tokenize.bpe.unicode;

import java.nio.charset.StandardCharsets;

/** UTF-8 by hand, where the JDK would make garbage or see lone surrogates as question marks. */
public final class Utf8 {
  private static final int REPLACEMENT = 0xFFFD;

  private Utf8() {}

  /** Bytes of the character whose first byte, as a signed byte, is {@code lead}. */
  public static int length(int lead) {
    return lead >= 0 ? 1 : lead < (byte) 0xE0 ? 2 : lead < (byte) 0xF0 ? 3 : 4;
  }

  /** The code point at {@code at} of well-formed UTF-8; takes {@link #length} bytes. */
  public static int codePoint(byte[] text, int at) {
    int lead = text[at];
    if (lead >= 0) {
      return lead;
    }
    if (lead < (byte) 0xE0) {
      return (lead & 0x1F) << 6 | (text[at + 1] & 0x3F);
    }
    if (lead < (byte) 0xF0) {
      return (lead & 0x0F) << 12 | (text[at + 1] & 0x3F) << 6 | (text[at + 2] & 0x3F);
    }
    return (lead & 0x07) << 18
        | (text[at + 1] & 0x3F) << 12
        | (text[at + 2] & 0x3F) << 6
        | (text[at + 3] & 0x3F);
  }

  /** The start of the character that ends before {@code end}, in well-formed UTF-8. */
  public static int before(byte[] text, int end) {
    int at = end - 1;
    while ((text[at] & 0xC0) == 0x80) {
      at--;
    }
    return at;
  }

  /** The first place in [from, to) with a byte above 0x7F, or {@code to}. */
  public static int skipAscii(byte[] text, int from, int to) {
    int at = from;
    while (to - at >= 8 && (Words8.load(text, at) & Words8.TOP) == 0) {
      at += 8;
    }
    while (at < to && text[at] >= 0) {
      at++;
    }
    return at;
  }

  /**
   * Writes one code point, or U+FFFD for a surrogate, at {@code at}, where 4 bytes must be free;
   * returns the new end.
   */
  public static int put(int codePoint, byte[] into, int at) {
    if (codePoint < 0x80) {
      into[at] = (byte) codePoint;
      return at + 1;
    }
    if (codePoint < 0x800) {
      into[at] = (byte) (0xC0 | codePoint >> 6);
      into[at + 1] = (byte) (0x80 | (codePoint & 0x3F));
      return at + 2;
    }
    if (codePoint < 0x10000) {
      int valid =
          codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE
              ? REPLACEMENT
              : codePoint;
      into[at] = (byte) (0xE0 | valid >> 12);
      into[at + 1] = (byte) (0x80 | (valid >> 6 & 0x3F));
      into[at + 2] = (byte) (0x80 | (valid & 0x3F));
      return at + 3;
    }
    into[at] = (byte) (0xF0 | codePoint >> 18);
    into[at + 1] = (byte) (0x80 | (codePoint >> 12 & 0x3F));
    into[at + 2] = (byte) (0x80 | (codePoint >> 6 & 0x3F));
    into[at + 3] = (byte) (0x80 | (codePoint & 0x3F));
    return at + 4;
  }

  /**
   * The first place in [from, to) where the bytes stop being well-formed UTF-8 (Unicode Standard,
   * table 3-7), or -1.
   */
  public static int firstIllFormed(byte[] text, int from, int to) {
    int at = skipAscii(text, from, to);
    while (at < to) {
      int lead = text[at] & 0xFF;
      if (lead < 0x80) {
        // Right after a character beyond ASCII another one is likely, so no long skip at once.
        at++;
        if (at < to && text[at] >= 0) {
          at = skipAscii(text, at, to);
        }
        continue;
      }
      int length = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
      if (length == 0 || to - at < length) {
        return at;
      }
      int second = text[at + 1] & 0xFF;
      int least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
      int most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
      if (second < least
          || second > most
          || (length > 2 && (text[at + 2] & 0xC0) != 0x80)
          || (length > 3 && (text[at + 3] & 0xC0) != 0x80)) {
        return at;
      }
      at += length;
    }
    return -1;
  }

  /** The bytes with each ill-formed sequence replaced by U+FFFD, as any lossy decoder does. */
  public static byte[] repaired(byte[] text, int from, int to) {
    return new String(text, from, to - from, StandardCharsets.UTF_8)
        .getBytes(StandardCharsets.UTF_8);
  }
}
