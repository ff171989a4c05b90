package org.instella.tokenize.document;

import com.github.luben.zstd.RecyclingBufferPool;
import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/**
 * Unpacks the frames of a slice and, when asked for more, those behind it: the last line of a slice
 * may end there. Remembers where in the unpacked bytes the slice ended.
 */
final class ZstdSliceStream extends InputStream {
  private final Part stored;
  private InputStream unpacked;
  private long given;
  private long boundary = Long.MAX_VALUE;

  /**
   * @param in stands at the first byte of the slice; closed with this stream
   * @param bytes stored bytes of the slice
   */
  ZstdSliceStream(InputStream in, long bytes) throws IOException {
    stored = new Part(in, bytes);
    unpacked = new ZstdInputStreamNoFinalizer(stored, RecyclingBufferPool.INSTANCE);
  }

  /**
   * Unpacked bytes of the slice, so the place of the first byte behind it; {@link Long#MAX_VALUE}
   * as long as nothing behind it was read.
   */
  long boundary() {
    return boundary;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] buffer, int from, int length) throws IOException {
    int count = unpacked.read(buffer, from, length);
    if (count < 0 && boundary == Long.MAX_VALUE) {
      boundary = given;
      unpacked.close();
      stored.left = Long.MAX_VALUE;
      unpacked = new ZstdInputStreamNoFinalizer(stored, RecyclingBufferPool.INSTANCE);
      count = unpacked.read(buffer, from, length);
    }
    given += Math.max(0, count);
    return count;
  }

  @Override
  public void close() throws IOException {
    try (InputStream storedBelow = stored.below()) {
      unpacked.close();
    }
  }

  /** A part of a stream that looks like a whole one and outlives who reads it. */
  private static final class Part extends FilterInputStream {
    private long left;

    Part(InputStream in, long bytes) {
      super(in);
      this.left = bytes;
    }

    InputStream below() {
      return in;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] buffer, int from, int length) throws IOException {
      if (left == 0) {
        return -1;
      }
      int count = in.read(buffer, from, (int) Math.min(length, left));
      left -= Math.max(0, count);
      return count;
    }

    /** The stream that unpacks a part does not end the next one's. */
    @Override
    public void close() {}
  }
}
