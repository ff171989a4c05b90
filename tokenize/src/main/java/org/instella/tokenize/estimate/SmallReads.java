package org.instella.tokenize.estimate;

import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import org.instella.conf.storage.FileEntry;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;

/**
 * Hands out files a few kilobytes at a time, so that the stored bytes that a reader has taken are
 * those of the documents it has given, and not a buffer more. Reads only.
 */
record SmallReads(Storage below) implements Storage {
  private static final int PIECE = 4096;

  @Override
  public InputStream open(Location file, long offset) {
    return new FilterInputStream(new BufferedInputStream(below.open(file, offset), 1 << 16)) {
      @Override
      public int read(byte[] bytes, int from, int length) throws IOException {
        return super.read(bytes, from, Math.min(length, PIECE));
      }
    };
  }

  @Override
  public boolean exists(Location location) {
    return below.exists(location);
  }

  @Override
  public FileEntry stat(Location location) {
    return below.stat(location);
  }

  @Override
  public List<FileEntry> list(Location folder) {
    return below.list(folder);
  }

  @Override
  public List<FileEntry> listFiles(Location folder) {
    return below.listFiles(folder);
  }

  @Override
  public Path localCopy(Location file) {
    return below.localCopy(file);
  }

  @Override
  public OutputStream create(Location file) {
    throw writes();
  }

  @Override
  public void makeFolder(Location folder) {
    throw writes();
  }

  @Override
  public void delete(Location location) {
    throw writes();
  }

  @Override
  public void publish(Location staging, Location published) {
    throw writes();
  }

  private static UnsupportedOperationException writes() {
    return new UnsupportedOperationException("an estimate writes nothing");
  }
}
