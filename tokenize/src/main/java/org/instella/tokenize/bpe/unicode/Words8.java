package org.instella.tokenize.bpe.unicode;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Eight bytes of text at a time in a long, the first byte lowest: tests whose answer is the top bit
 * of each byte.
 */
public final class Words8 {
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /** The top bit of every byte. */
  public static final long TOP = 0x8080808080808080L;

  private static final long ONES = 0x0101010101010101L;
  private static final long LOW7 = ~TOP;

  private Words8() {}

  /** The eight bytes at {@code at}. */
  public static long load(byte[] text, int at) {
    return (long) LONGS.get(text, at);
  }

  /** Eight times the byte. */
  public static long repeat(int b) {
    return (b & 0xFF) * ONES;
  }

  /**
   * Top bits of bytes that are zero; a byte right above a zero byte may be marked as well when it
   * is 1, so callers look again.
   */
  public static long maybeZero(long word) {
    return word - ONES & ~word & TOP;
  }

  /** Top bits of the bytes that are ASCII letters, exactly. */
  public static long asciiLetters(long word) {
    long lower = (word | 0x20 * ONES) & LOW7;
    long fromA = lower + (0x80 - 'a') * ONES;
    long pastZ = lower + (0x80 - 'z' - 1) * ONES;
    return fromA & ~pastZ & ~word & TOP;
  }

  /** How many bytes from the first on have their top bit set in {@code marks}, 0 to 8. */
  public static int leading(long marks) {
    return Long.numberOfTrailingZeros(~marks & TOP) >>> 3;
  }
}
