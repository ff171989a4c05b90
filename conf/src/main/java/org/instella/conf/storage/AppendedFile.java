package org.instella.conf.storage;

import java.io.IOException;
import java.io.OutputStream;

/**
 * Where files can be read while they are written (local, HDFS). One that replaces another is begun
 * as {@code NAME.next}; the rename leaves it open for writing. A crash leaves one of the two, and
 * the next attempt finds it.
 */
final class AppendedFile implements GrowingFile {
  private final Storage storage;
  private final Location file;
  private final Location written;
  private final OutputStream out;

  AppendedFile(Storage storage, Location file) {
    this.storage = storage;
    this.file = file;
    Location next = next(file);
    if (storage.exists(file)) {
      storage.delete(next);
    } else if (storage.exists(next)) {
      storage.publish(next, file);
    }
    this.written = storage.exists(file) ? next : file;
    this.out = storage.create(written);
  }

  static Location next(Location file) {
    return file.parent().resolve(file.name() + ".next");
  }

  @Override
  public void write(byte[] bytes) throws IOException {
    out.write(bytes);
  }

  @Override
  public void flush() throws IOException {
    out.flush();
  }

  @Override
  public void sync() throws IOException {
    if (out instanceof DurableOutput durable) {
      durable.sync();
    } else {
      out.flush();
    }
  }

  @Override
  public void takePlace() throws IOException {
    out.flush();
    if (!written.equals(file)) {
      storage.delete(file);
      storage.publish(written, file);
    }
  }

  @Override
  public void close() throws IOException {
    out.close();
  }
}
