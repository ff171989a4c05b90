package org.instella.tokenize.shard;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/** A growable row of little-endian numbers: one buffer of a record batch while it is filled. */
final class ByteRow {
  private static final VarHandle SHORT =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private byte[] bytes = new byte[4096];
  private int size;

  int size() {
    return size;
  }

  void clear() {
    size = 0;
  }

  void addInt(int value) {
    room(4);
    INT.set(bytes, size, value);
    size += 4;
  }

  void addLong(long value) {
    room(8);
    LONG.set(bytes, size, value);
    size += 8;
  }

  void addBytes(byte[] source) {
    room(source.length);
    System.arraycopy(source, 0, bytes, size, source.length);
    size += source.length;
  }

  /** Appends ids of the given width; the caller has checked that they fit. */
  void addIds(int[] ids, int from, int count, TokenWidth width) {
    room(Math.multiplyExact(count, width.bytes()));
    switch (width) {
      case UINT16 -> addShorts(ids, from, from + count);
      case UINT32 -> addInts(ids, from, from + count);
    }
  }

  private void addShorts(int[] ids, int from, int to) {
    byte[] bytes = this.bytes;
    int at = size;
    int i = from;
    for (; i + 8 <= to; i += 8, at += 2 * Long.BYTES) {
      LONG.set(bytes, at, four(ids[i], ids[i + 1], ids[i + 2], ids[i + 3]));
      LONG.set(bytes, at + Long.BYTES, four(ids[i + 4], ids[i + 5], ids[i + 6], ids[i + 7]));
    }
    for (; i < to; i++, at += Short.BYTES) {
      SHORT.set(bytes, at, (short) ids[i]);
    }
    size = at;
  }

  private static long four(int a, int b, int c, int d) {
    return ((a | b << 16) & 0xFFFFFFFFL) | (long) (c | d << 16) << 32;
  }

  private void addInts(int[] ids, int from, int to) {
    byte[] bytes = this.bytes;
    int at = size;
    int i = from;
    for (; i + 2 <= to; i += 2, at += Long.BYTES) {
      LONG.set(bytes, at, (ids[i] & 0xFFFFFFFFL) | (long) ids[i + 1] << 32);
    }
    for (; i < to; i++, at += Integer.BYTES) {
      INT.set(bytes, at, ids[i]);
    }
    size = at;
  }

  void writeTo(OutputStream out) throws IOException {
    out.write(bytes, 0, size);
  }

  private void room(int more) {
    int needed = Math.addExact(size, more);
    if (needed > bytes.length) {
      long doubled = Math.min(2L * bytes.length, Integer.MAX_VALUE - 8);
      bytes = Arrays.copyOf(bytes, (int) Math.max(needed, doubled));
    }
  }
}
