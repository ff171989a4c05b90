package org.instella.tokenize.document;

import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.instella.conf.error.DataException;
import org.instella.conf.error.EnvironmentException;

/**
 * The bytes of a file as stored, counted and timed. Failures of the storage below leave as {@link
 * EnvironmentException}, so that an {@code IOException} of a decompressor above means bad data.
 */
final class MeteredStream extends InputStream {
  private final InputStream in;
  private final InputFile file;
  private final ReadTimes times;
  private final InputSlice slice;
  private final CRC32C crc = new CRC32C();
  private long position;

  /** The bytes of {@code in}, whose first is byte {@code offset} of the file of {@code slice}. */
  MeteredStream(InputStream in, InputSlice slice, long offset, ReadTimes times) {
    this.in = in;
    this.slice = slice;
    this.file = slice.file();
    this.position = offset;
    this.times = times;
  }

  /** CRC-32C of the slice; empty while not all of it was read. */
  Optional<String> crc32c() {
    return position >= slice.end()
        ? Optional.of("%08x".formatted(crc.getValue()))
        : Optional.empty();
  }

  @Override
  public int read() {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] buffer, int from, int length) {
    long begin = System.nanoTime();
    int count = 0;
    try {
      count = in.read(buffer, from, length);
      check(buffer, from, count);
      return count;
    } catch (IOException e) {
      throw new EnvironmentException(
          DocumentError.READ_FAILED,
          "Cannot read %s behind byte %d: %s"
              .formatted(file.location(), times.storedBytes(), e.getMessage()),
          e);
    } finally {
      times.addRead(System.nanoTime() - begin, Math.max(0, count));
    }
  }

  /** Adds what of these bytes lies in the slice; a file that ends early has changed meanwhile. */
  private void check(byte[] buffer, int from, int count) {
    if (count < 0) {
      if (position < file.bytes()) {
        throw new DataException(
            DocumentError.FILE_CHANGED,
            "%s ends at byte %,d; it had %,d when it was listed. Tokenize again when nobody writes to it"
                .formatted(file.location(), position, file.bytes()));
      }
      return;
    }
    long begin = Math.max(position, slice.start());
    long end = Math.min(position + count, slice.end());
    if (begin < end) {
      crc.update(buffer, from + (int) (begin - position), (int) (end - begin));
    }
    position += count;
    if (position > file.bytes()) {
      throw new DataException(
          DocumentError.FILE_CHANGED,
          "%s has more than the %,d bytes that it had when it was listed. Tokenize again when nobody writes to it"
              .formatted(file.location(), file.bytes()));
    }
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
