package org.instella.tokenize.document.gzip;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Packed bytes as a row of bits, lowest first. The next bits stand in {@code hold}, at least {@code
 * held} of them; who has many bits to read takes these fields into variables and gives them back.
 *
 * <p>Behind the last byte there are zeros without end, so that a table can be asked with more bits
 * than are left; {@link #checkEnd} tells whether any of them was used.
 */
final class PackedInput {
  /** Bytes that the fast loop may look at before it asks again. */
  static final int AHEAD = 32;

  /** Length of {@link #bytes}. */
  static final int BYTES = 1 << 16;

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /** Packed bytes, {@code position} to {@code limit} of them still to be read. */
  final byte[] bytes;

  int position;
  int limit;
  long hold;
  int held;

  private final InputStream in;
  private long before;
  private boolean ended;

  /** Zero bytes behind the end that were taken into {@code hold}. */
  private int beyond;

  /** Reads {@code in} through {@code bytes}, which has {@link #BYTES} of them. */
  PackedInput(InputStream in, byte[] bytes) {
    this.in = in;
    this.bytes = bytes;
  }

  /** The bits of {@code bytes} from {@code bit} on: 57 at least, behind them zeros. */
  static long bits(byte[] bytes, int bit) {
    return (long) LONG.get(bytes, bit >>> 3) >>> (bit & 7);
  }

  /** Place in the packed file of the next bit's byte. */
  long at() {
    return before + position + beyond - (held >>> 3);
  }

  /** Makes {@link #AHEAD} bytes and more stand ready; false where the file has not so many. */
  boolean readAhead() throws IOException {
    while (limit - position < 2 * AHEAD && !ended) {
      // What stands in hold may be given back.
      int from = Math.max(0, position - Long.BYTES);
      System.arraycopy(bytes, from, bytes, 0, limit - from);
      before += from;
      limit -= from;
      position -= from;
      int count = in.read(bytes, limit, bytes.length - limit);
      ended = count < 0;
      limit += Math.max(0, count);
    }
    return limit - position >= AHEAD;
  }

  /** The next bit's place in {@link #bytes}, counted in bits. */
  int bit() {
    return (position << 3) - held;
  }

  /** Goes on at a bit of {@link #bytes}. */
  void goTo(int bit) {
    position = (bit + 7) >>> 3;
    held = (position << 3) - bit;
    hold = held == 0 ? 0 : (bytes[position - 1] & 0xFF) >>> (Byte.SIZE - held);
  }

  /** Takes bytes into {@code hold} until it has 56 bits or more. */
  void refill() throws IOException {
    if (limit - position < Long.BYTES && !ended) {
      readAhead();
    }
    while (held < 56) {
      if (position < limit) {
        hold |= (bytes[position++] & 0xFFL) << held;
      } else {
        beyond++;
      }
      held += Byte.SIZE;
    }
  }

  /** The next {@code count} bits, at most 16. */
  int bits(int count) throws IOException {
    if (held < count) {
      refill();
    }
    int value = (int) hold & ((1 << count) - 1);
    drop(count);
    checkEnd();
    return value;
  }

  /** What stands behind the code of an entry and is added to its value. */
  int behind(int entry) {
    int count = (entry & 0xFF) - HuffmanTable.codeBits(entry);
    int value = (int) hold & ((1 << count) - 1);
    drop(count);
    return value;
  }

  void drop(int count) {
    hold >>>= count;
    held -= count;
  }

  /**
   * Checks that all bits read so far were in the file.
   *
   * @throws EOFException if not
   */
  void checkEnd() throws EOFException {
    if (beyond * Byte.SIZE > held) {
      throw new EOFException("it is cut short at packed byte " + (before + limit));
    }
  }

  /** Gives whole bytes back from {@code hold} and drops the rest of the byte that was begun. */
  void alignToByte() {
    int whole = (held >>> 3) - beyond;
    position -= whole;
    beyond = 0;
    hold = 0;
    held = 0;
  }

  /** The next byte, or -1 at the end; only where bytes are aligned. */
  int nextOrEnd() throws IOException {
    if (position == limit) {
      readAhead();
    }
    return position < limit ? bytes[position++] & 0xFF : -1;
  }

  /**
   * The next byte; only where bytes are aligned.
   *
   * @throws EOFException if there is none
   */
  int next() throws IOException {
    int value = nextOrEnd();
    if (value < 0) {
      throw new EOFException("it is cut short at packed byte " + at());
    }
    return value;
  }

  void close() throws IOException {
    in.close();
  }
}
