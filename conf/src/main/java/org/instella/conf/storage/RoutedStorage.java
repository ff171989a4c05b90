package org.instella.conf.storage;

import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;

/** Sends each call to the storage that serves the location's scheme. */
final class RoutedStorage implements Storage {
  static final RoutedStorage INSTANCE = new RoutedStorage();

  private final LocalStorage local = new LocalStorage();

  /** Loaded on first use, so that local work never pays for starting Hadoop. */
  private static final class Remote {
    static final HadoopStorage FILES = new HadoopStorage();
    static final ObjectStorage OBJECTS = new ObjectStorage();
  }

  private Storage at(Location location) {
    if (location.isLocal()) {
      return local;
    }
    return ObjectStorage.serves(location) ? Remote.OBJECTS : Remote.FILES;
  }

  @Override
  public InputStream open(Location file, long offset) {
    return at(file).open(file, offset);
  }

  @Override
  public OutputStream create(Location file) {
    return at(file).create(file);
  }

  @Override
  public OutputStream createLarge(Location file) {
    return at(file).createLarge(file);
  }

  @Override
  public boolean exists(Location location) {
    return at(location).exists(location);
  }

  @Override
  public FileEntry stat(Location location) {
    return at(location).stat(location);
  }

  @Override
  public List<FileEntry> list(Location folder) {
    return at(folder).list(folder);
  }

  @Override
  public List<FileEntry> listFiles(Location folder) {
    return at(folder).listFiles(folder);
  }

  @Override
  public void makeFolder(Location folder) {
    at(folder).makeFolder(folder);
  }

  @Override
  public void delete(Location location) {
    at(location).delete(location);
  }

  @Override
  public void publish(Location staging, Location published) {
    at(published).publish(staging, published);
  }

  @Override
  public GrowingFile grow(Location file) {
    return at(file).grow(file);
  }

  @Override
  public Location assembly(Location aside, Location published) {
    return at(published).assembly(aside, published);
  }

  @Override
  public boolean isPublished(Location location) {
    return at(location).isPublished(location);
  }

  @Override
  public Path localCopy(Location file) {
    return at(file).localCopy(file);
  }
}
