package org.instella.ensemble;

import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.instella.conf.storage.FileEntry;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;

/** A folder of this machine that looks remote: {@code far://...}, reached by streams alone. */
final class FarStorage implements Storage {
  private static final String SCHEME = "far://host/";
  private final Path root;
  final AtomicInteger opened = new AtomicInteger();

  FarStorage(Path root) {
    this.root = root;
  }

  static Location at(String path) {
    return Location.of(SCHEME + path);
  }

  private Location near(Location far) {
    return Location.of(root.resolve(far.uri().substring(SCHEME.length())));
  }

  private FileEntry far(FileEntry entry) {
    String path = root.relativize(entry.location().toLocalPath()).toString();
    return new FileEntry(at(path), entry.bytes(), entry.folder(), entry.modifiedMillis());
  }

  @Override
  public InputStream open(Location file, long offset) {
    opened.incrementAndGet();
    return TinyModels.STORAGE.open(near(file), offset);
  }

  @Override
  public OutputStream create(Location file) {
    return TinyModels.STORAGE.create(near(file));
  }

  @Override
  public boolean exists(Location location) {
    return TinyModels.STORAGE.exists(near(location));
  }

  @Override
  public FileEntry stat(Location location) {
    return far(TinyModels.STORAGE.stat(near(location)));
  }

  @Override
  public List<FileEntry> list(Location folder) {
    return TinyModels.STORAGE.list(near(folder)).stream().map(this::far).toList();
  }

  @Override
  public List<FileEntry> listFiles(Location folder) {
    return TinyModels.STORAGE.listFiles(near(folder)).stream().map(this::far).toList();
  }

  @Override
  public void makeFolder(Location folder) {
    TinyModels.STORAGE.makeFolder(near(folder));
  }

  @Override
  public void delete(Location location) {
    TinyModels.STORAGE.delete(near(location));
  }

  @Override
  public void publish(Location staging, Location published) {
    TinyModels.STORAGE.publish(near(staging), near(published));
  }

  @Override
  public Path localCopy(Location file) {
    throw new AssertionError("a merge must not copy " + file + " to this machine");
  }
}
