package org.instella.tokenize.shard;

import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import org.instella.conf.storage.FileEntry;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;

/** Runs something else just before the first publish, as a rival attempt would. */
record RacingStorage(Storage storage, Runnable rival) implements Storage {

  @Override
  public void publish(Location staging, Location published) {
    rival.run();
    storage.publish(staging, published);
  }

  @Override
  public InputStream open(Location file, long offset) {
    return storage.open(file, offset);
  }

  @Override
  public OutputStream create(Location file) {
    return storage.create(file);
  }

  @Override
  public boolean exists(Location location) {
    return storage.exists(location);
  }

  @Override
  public FileEntry stat(Location location) {
    return storage.stat(location);
  }

  @Override
  public List<FileEntry> list(Location folder) {
    return storage.list(folder);
  }

  @Override
  public List<FileEntry> listFiles(Location folder) {
    return storage.listFiles(folder);
  }

  @Override
  public void makeFolder(Location folder) {
    storage.makeFolder(folder);
  }

  @Override
  public void delete(Location location) {
    storage.delete(location);
  }

  @Override
  public Path localCopy(Location file) {
    return storage.localCopy(file);
  }
}
