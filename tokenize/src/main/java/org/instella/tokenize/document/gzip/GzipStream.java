package org.instella.tokenize.document.gzip;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.CRC32;
import java.util.zip.ZipException;

/**
 * Unpacks gzip of any number of members (RFC 1952), with their checksums.
 *
 * <p>The JDK's stream asks {@code available()} whether another member follows and ends the file
 * silently where a network stream answers 0; this one reads on until the file itself ends. Every
 * error names the packed byte where it was met, and comes behind all bytes that could be unpacked.
 */
public final class GzipStream extends InputStream {
  private static final int HEADER_CRC = 2;
  private static final int EXTRA = 4;
  private static final int NAME = 8;
  private static final int COMMENT = 16;

  private final PackedInput packed;
  private final Inflate inflate;
  private final CRC32 crc = new CRC32();
  private long size;
  private int given;
  private boolean inMember;
  private IOException failure;

  /** Unpacks {@code in}, which is closed with this stream. */
  public GzipStream(InputStream in) {
    this(in, new GzipBuffers());
  }

  /** As the other, in memory that no other stream may use until this one is done. */
  public GzipStream(InputStream in, GzipBuffers buffers) {
    packed = new PackedInput(in, buffers.packed);
    inflate = new Inflate(packed, buffers);
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] buffer, int from, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    while (given == inflate.end()) {
      if (failure != null) {
        throw failure;
      }
      if (!inMember && !beginMember()) {
        return -1;
      }
      unpack();
    }
    int count = Math.min(length, inflate.end() - given);
    System.arraycopy(inflate.out, given, buffer, from, count);
    given += count;
    return count;
  }

  @Override
  public void close() throws IOException {
    packed.close();
  }

  private void unpack() {
    try {
      inflate.step();
    } catch (IOException e) {
      failure = e;
    }
    given = inflate.begin();
    int count = inflate.end() - given;
    crc.update(inflate.out, given, count);
    size += count;
    if (failure == null && inflate.finished()) {
      try {
        endMember();
      } catch (IOException e) {
        failure = e;
      }
    }
  }

  /**
   * False at the end of the file; zero bytes behind the last member are padding, as gzip has it.
   */
  private boolean beginMember() throws IOException {
    int first;
    do {
      first = packed.nextOrEnd();
    } while (first == 0 && packed.at() > 1);
    if (first < 0) {
      if (packed.at() == 0) {
        throw new EOFException("it is cut short at packed byte 0");
      }
      return false;
    }
    if (first != 0x1F || packed.next() != 0x8B || packed.next() != 8) {
      throw new ZipException("no gzip member begins before packed byte " + packed.at());
    }
    int flags = packed.next();
    skip(6);
    if ((flags & EXTRA) != 0) {
      skip(packed.next() | packed.next() << 8);
    }
    for (int text = flags & (NAME | COMMENT); text != 0; text &= text - 1) {
      while (packed.next() != 0) {}
    }
    if ((flags & HEADER_CRC) != 0) {
      skip(2);
    }
    inflate.start();
    given = inflate.end();
    crc.reset();
    size = 0;
    inMember = true;
    return true;
  }

  private void endMember() throws IOException {
    if (little() != crc.getValue() || little() != (size & 0xFFFFFFFFL)) {
      throw new ZipException("the checksum before packed byte %d is wrong".formatted(packed.at()));
    }
    inMember = false;
  }

  private long little() throws IOException {
    return packed.next() | packed.next() << 8 | packed.next() << 16 | (long) packed.next() << 24;
  }

  private void skip(int count) throws IOException {
    for (int i = 0; i < count; i++) {
      packed.next();
    }
  }
}
