package org.instella.tokenize.document;

import java.io.IOException;
import java.io.InputStream;
import org.instella.conf.error.EnvironmentException;

/**
 * The bytes of a file as stored, counted and timed. Failures of the storage below leave as {@link
 * EnvironmentException}, so that an {@code IOException} of a decompressor above means bad data.
 */
final class MeteredStream extends InputStream {
  private final InputStream in;
  private final InputFile file;
  private final ReadTimes times;

  MeteredStream(InputStream in, InputFile file, ReadTimes times) {
    this.in = in;
    this.file = file;
    this.times = times;
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

  @Override
  public void close() throws IOException {
    in.close();
  }
}
