package org.instella.tokenize.bpe.split;

import java.nio.charset.StandardCharsets;

/**
 * The byte-level alphabet: every byte as one printable character. Printable Latin-1 stands for
 * itself, the 68 others for U+0100 and up, in order (Radford et al. 2019, GPT-2's byte encoder).
 */
public final class ByteAlphabet {
  private static final char[] CHARACTERS = new char[256];
  private static final short[] BYTES = new short[0x100 + 68];

  static {
    java.util.Arrays.fill(BYTES, (short) -1);
    int next = 0x100;
    for (int b = 0; b < 256; b++) {
      boolean printable = (b > ' ' && b < 0x7F) || (b > 0xA0 && b != 0xAD);
      CHARACTERS[b] = (char) (printable ? b : next++);
      BYTES[CHARACTERS[b]] = (short) b;
    }
  }

  private ByteAlphabet() {}

  /** The character of a byte, 0 to 255. */
  public static char character(int b) {
    return CHARACTERS[b];
  }

  /** The byte of a character, or -1 when it stands for none. */
  public static int byteOf(char c) {
    return c < BYTES.length ? BYTES[c] : -1;
  }

  /** The UTF-8 of {@code text}, one character for each byte. */
  static String toCharacters(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    char[] characters = new char[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      characters[i] = CHARACTERS[bytes[i] & 0xFF];
    }
    return new String(characters);
  }

  /**
   * What a token of the vocabulary stands for: the bytes of its characters, or its own UTF-8 when
   * one of them is not of the alphabet.
   */
  public static byte[] bytesOf(String token) {
    byte[] bytes = new byte[token.length()];
    for (int i = 0; i < bytes.length; i++) {
      int b = byteOf(token.charAt(i));
      if (b < 0) {
        return token.getBytes(StandardCharsets.UTF_8);
      }
      bytes[i] = (byte) b;
    }
    return bytes;
  }
}
