package org.instella.tokenize.shard;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import org.instella.conf.storage.FileEntry;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;

/** A storage with room for so many bytes, over all files that are ever created. */
final class FullDisk implements Storage {
  private final Storage below;
  private long room;

  FullDisk(Storage below, long room) {
    this.below = below;
    this.room = room;
  }

  @Override
  public OutputStream create(Location file) {
    return new FilterOutputStream(below.create(file)) {
      @Override
      public void write(int value) throws IOException {
        write(new byte[] {(byte) value}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int from, int length) throws IOException {
        int fits = (int) Math.min(length, room);
        out.write(bytes, from, fits);
        room -= fits;
        if (fits < length) {
          throw new IOException("No space left on device");
        }
      }
    };
  }

  @Override
  public InputStream open(Location file, long offset) {
    return below.open(file, offset);
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
  public void makeFolder(Location folder) {
    below.makeFolder(folder);
  }

  @Override
  public void delete(Location location) {
    below.delete(location);
  }

  @Override
  public void publish(Location staging, Location published) {
    below.publish(staging, published);
  }

  @Override
  public Path localCopy(Location file) {
    return below.localCopy(file);
  }
}
