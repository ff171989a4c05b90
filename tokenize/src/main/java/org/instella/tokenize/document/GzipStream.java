package org.instella.tokenize.document;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import java.util.zip.ZipException;

/**
 * Unpacks gzip of any number of members (RFC 1952), with their checksums.
 *
 * <p>The JDK's stream asks {@code available()} whether another member follows and ends the file
 * silently where a network stream answers 0; this one reads on until the file itself ends. Every
 * error names the packed byte where it was met.
 */
final class GzipStream extends InputStream {
  private static final int HEADER_CRC = 2;
  private static final int EXTRA = 4;
  private static final int NAME = 8;
  private static final int COMMENT = 16;

  private final InputStream in;
  private final Inflater inflater = new Inflater(true);
  private final CRC32 crc = new CRC32();
  private final byte[] packed = new byte[1 << 16];
  private int position;
  private int limit;
  private long packedBefore;
  private boolean inMember;
  private boolean ended;

  GzipStream(InputStream in) {
    this.in = in;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] buffer, int from, int length) throws IOException {
    while (!ended && length > 0) {
      if (!inMember && !beginMember()) {
        ended = true;
        break;
      }
      try {
        int count = inflater.inflate(buffer, from, length);
        if (count > 0) {
          crc.update(buffer, from, count);
          return count;
        }
      } catch (DataFormatException e) {
        throw new ZipException(
            "bad deflate data (%s) before packed byte %d".formatted(e.getMessage(), at()));
      }
      if (inflater.finished()) {
        endMember();
      } else if (inflater.needsDictionary()) {
        throw new ZipException("a preset dictionary is asked for at packed byte " + at());
      } else {
        feed();
      }
    }
    return length == 0 ? 0 : -1;
  }

  @Override
  public void close() throws IOException {
    inflater.end();
    in.close();
  }

  private long at() {
    return packedBefore + position;
  }

  private void feed() throws IOException {
    if (!fill()) {
      throw truncated();
    }
    inflater.setInput(packed, position, limit - position);
    position = limit;
  }

  /**
   * False at the end of the file; zero bytes behind the last member are padding, as gzip has it.
   */
  private boolean beginMember() throws IOException {
    int first;
    do {
      first = nextOrEnd();
    } while (first == 0 && packedBefore + position > 1);
    if (first < 0) {
      if (at() == 0) {
        throw truncated();
      }
      return false;
    }
    if (first != 0x1F || next() != 0x8B || next() != 8) {
      throw new ZipException("no gzip member begins before packed byte " + at());
    }
    int flags = next();
    skip(6);
    if ((flags & EXTRA) != 0) {
      skip(next() | next() << 8);
    }
    for (int text = flags & (NAME | COMMENT); text != 0; text &= text - 1) {
      while (next() != 0) {}
    }
    if ((flags & HEADER_CRC) != 0) {
      skip(2);
    }
    inflater.reset();
    inflater.setInput(packed, position, limit - position);
    position = limit;
    crc.reset();
    inMember = true;
    return true;
  }

  private void endMember() throws IOException {
    position = limit - inflater.getRemaining();
    long size = inflater.getBytesWritten() & 0xFFFFFFFFL;
    if (little() != crc.getValue() || little() != size) {
      throw new ZipException("the checksum before packed byte %d is wrong".formatted(at()));
    }
    inMember = false;
  }

  private long little() throws IOException {
    return next() | next() << 8 | next() << 16 | (long) next() << 24;
  }

  private void skip(int count) throws IOException {
    for (int i = 0; i < count; i++) {
      next();
    }
  }

  private int next() throws IOException {
    int value = nextOrEnd();
    if (value < 0) {
      throw truncated();
    }
    return value;
  }

  private int nextOrEnd() throws IOException {
    return position < limit || fill() ? packed[position++] & 0xFF : -1;
  }

  private boolean fill() throws IOException {
    packedBefore += limit;
    position = 0;
    limit = Math.max(0, in.read(packed, 0, packed.length));
    return limit > 0;
  }

  private EOFException truncated() {
    return new EOFException("it is cut short at packed byte " + at());
  }
}
