package org.instella.tokenize.document;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Whether bytes are well-formed UTF-8 (Unicode 15, table 3-7). */
final class Utf8 {
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final int ASCII_STEP = 4 * Long.BYTES;
  private static final long HIGH_BITS = 0x8080808080808080L;

  private Utf8() {}

  /** Index of the first byte that does not belong there, or -1 where all is well. */
  static int firstBad(byte[] bytes, int from, int to) {
    int i = from;
    int lastStep = to - ASCII_STEP;
    while (i < to) {
      while (i <= lastStep && (asciiStep(bytes, i) & HIGH_BITS) == 0) {
        i += ASCII_STEP;
      }
      if (i + Long.BYTES > to) {
        return firstBadOfFew(bytes, i, to);
      }
      long beyond = (long) LONG.get(bytes, i) & HIGH_BITS;
      i += Long.numberOfTrailingZeros(beyond) / Byte.SIZE; // of 0 they are 64
      while (i + Integer.BYTES <= to && bytes[i] < 0) {
        int length = commonSequence((int) INT.get(bytes, i));
        length = length != 0 ? length : sequence(bytes, i, to);
        if (length == 0) {
          return i;
        }
        i += length;
      }
    }
    return -1;
  }

  private static int firstBadOfFew(byte[] bytes, int from, int to) {
    int length = 1;
    for (int i = from; i < to; i += length) {
      length = bytes[i] >= 0 ? 1 : sequence(bytes, i, to);
      if (length == 0) {
        return i;
      }
    }
    return -1;
  }

  private static long asciiStep(byte[] bytes, int at) {
    return (long) LONG.get(bytes, at)
        | (long) LONG.get(bytes, at + 8)
        | (long) LONG.get(bytes, at + 16)
        | (long) LONG.get(bytes, at + 24);
  }

  /**
   * Length of the sequence that {@code word} begins with, lowest byte first, if it is a good one of
   * two or three bytes; else 0.
   */
  private static int commonSequence(int word) {
    if ((word & 0xC0C0F0) == 0x8080E0) {
      int decisive = word & 0x200F; // 0: longer than need be; 0x200D: a surrogate
      return decisive != 0 && decisive != 0x200D ? 3 : 0;
    }
    return (word & 0xC0E0) == 0x80C0 && (word & 0x1E) != 0 ? 2 : 0;
  }

  /** Length of the multi-byte sequence at {@code i}, 0 for a bad one. */
  private static int sequence(byte[] bytes, int i, int to) {
    int lead = bytes[i] & 0xFF;
    if (lead < 0xC2 || lead > 0xF4) {
      return 0;
    }
    int length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (i + length > to) {
      return 0;
    }
    int second = bytes[i + 1] & 0xFF;
    int low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    int high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (second < low || second > high) {
      return 0;
    }
    for (int k = 2; k < length; k++) {
      if ((bytes[i + k] & 0xC0) != 0x80) {
        return 0;
      }
    }
    return length;
  }

  /** Whether every surrogate of {@code text} has its partner. */
  static boolean wellFormed(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isSurrogate(c)) {
        boolean paired =
            Character.isHighSurrogate(c)
                && i + 1 < text.length()
                && Character.isLowSurrogate(text.charAt(i + 1));
        if (!paired) {
          return false;
        }
        i++;
      }
    }
    return true;
  }
}
