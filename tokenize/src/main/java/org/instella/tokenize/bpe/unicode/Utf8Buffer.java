package org.instella.tokenize.bpe.unicode;

import java.util.Arrays;

/** A growing row of UTF-8 bytes that is reused from text to text. */
public final class Utf8Buffer {
  private byte[] bytes = new byte[4096];
  private int size;

  /** The array that holds the bytes; valid up to {@link #size()} and until the next append. */
  public byte[] bytes() {
    return bytes;
  }

  /** The number of bytes held. */
  public int size() {
    return size;
  }

  /** Forgets the bytes and keeps the array. */
  public void clear() {
    size = 0;
  }

  /** Appends {@code source[from, to)}. */
  public void append(byte[] source, int from, int to) {
    ensureRoom(to - from);
    System.arraycopy(source, from, bytes, size, to - from);
    size += to - from;
  }

  /** Appends one code point; a surrogate becomes U+FFFD. */
  public void append(int codePoint) {
    ensureRoom(4);
    size = Utf8.put(codePoint, bytes, size);
  }

  /** Appends one byte as it is. */
  public void appendByte(int value) {
    ensureRoom(1);
    bytes[size++] = (byte) value;
  }

  /** Makes room for {@code more} bytes behind {@link #size()}. */
  public void ensureRoom(int more) {
    if (bytes.length - size < more) {
      long doubled = Math.min(2L * bytes.length, Integer.MAX_VALUE - 8);
      bytes = Arrays.copyOf(bytes, (int) Math.max(Math.addExact(size, more), doubled));
    }
  }

  /** Says that {@code newSize} bytes are held, after a caller wrote into {@link #bytes()}. */
  public void size(int newSize) {
    size = newSize;
  }
}
