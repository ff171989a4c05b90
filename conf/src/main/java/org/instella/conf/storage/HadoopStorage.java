package org.instella.conf.storage;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.instella.conf.manifest.Manifest;

/** HDFS and object stores through Hadoop's client. */
final class HadoopStorage implements Storage {
  /** On these a rename copies file by file, so the manifest itself has to be the commit. */
  private static final Set<String> OBJECT_STORES =
      Set.of("s3a", "s3", "gs", "abfs", "abfss", "wasb");

  private final Configuration configuration;

  HadoopStorage() {
    this(HadoopConfiguration.load(System.getenv()));
  }

  HadoopStorage(Configuration configuration) {
    this.configuration = configuration;
  }

  /** That of the location; of {@code hdfs:///folder} the one that Hadoop's configuration names. */
  private FileSystem fileSystem(Location location) throws IOException {
    return FileSystem.get(path(location).toUri(), configuration);
  }

  private static Path path(Location location) {
    String uri = location.uri();
    return new Path(uri.length() == fileSystemLength(uri) ? uri + "/" : uri);
  }

  /** Length of scheme and authority: of {@code hdfs://host} in {@code hdfs://host/folder}. */
  private static int fileSystemLength(String uri) {
    int slash = uri.indexOf('/', uri.indexOf("://") + 3);
    return slash < 0 ? uri.length() : slash;
  }

  @Override
  public InputStream open(Location file, long offset) {
    try {
      FSDataInputStream in = fileSystem(file).open(path(file));
      if (offset > 0) {
        in.seek(offset);
      }
      return in;
    } catch (IOException e) {
      throw StorageFailures.translate("open", file, e, StorageError.READ_FAILED);
    }
  }

  @Override
  public OutputStream create(Location file) {
    try {
      return new SyncedStream(fileSystem(file).create(path(file), false));
    } catch (IOException e) {
      throw StorageFailures.translate("create", file, e, StorageError.WRITE_FAILED);
    }
  }

  @Override
  public boolean exists(Location location) {
    try {
      return fileSystem(location).exists(path(location));
    } catch (IOException e) {
      throw StorageFailures.translate("open", location, e, StorageError.READ_FAILED);
    }
  }

  @Override
  public FileEntry stat(Location location) {
    try {
      return entry(location, fileSystem(location).getFileStatus(path(location)));
    } catch (IOException e) {
      throw StorageFailures.translate("open", location, e, StorageError.READ_FAILED);
    }
  }

  @Override
  public List<FileEntry> list(Location folder) {
    List<FileEntry> entries = new ArrayList<>();
    try {
      for (FileStatus status : fileSystem(folder).listStatus(path(folder))) {
        entries.add(entry(folder, status));
      }
    } catch (IOException e) {
      throw StorageFailures.translate("list", folder, e, StorageError.READ_FAILED);
    }
    entries.sort(Comparator.comparing(FileEntry::location));
    return entries;
  }

  @Override
  public List<FileEntry> listFiles(Location folder) {
    List<FileEntry> entries = new ArrayList<>();
    try {
      RemoteIterator<LocatedFileStatus> files = fileSystem(folder).listFiles(path(folder), true);
      while (files.hasNext()) {
        entries.add(entry(folder, files.next()));
      }
    } catch (IOException e) {
      throw StorageFailures.translate("list", folder, e, StorageError.READ_FAILED);
    }
    entries.sort(Comparator.comparing(FileEntry::location));
    return entries;
  }

  @Override
  public void makeFolder(Location folder) {
    try {
      fileSystem(folder).mkdirs(path(folder));
    } catch (IOException e) {
      throw StorageFailures.translate("make the folder", folder, e, StorageError.WRITE_FAILED);
    }
  }

  @Override
  public void delete(Location location) {
    try {
      fileSystem(location).delete(path(location), true);
    } catch (IOException e) {
      throw StorageFailures.translate("delete", location, e, StorageError.WRITE_FAILED);
    }
  }

  @Override
  public void publish(Location staging, Location published) {
    try {
      if (OBJECT_STORES.contains(published.scheme())) {
        publishByManifest(staging, published);
        return;
      }
      FileSystem fs = fileSystem(published);
      fs.mkdirs(path(published.parent()));
      // FileSystem.rename would move the source into an existing folder, or return false.
      FileContext.getFileContext(fs.getUri(), configuration)
          .rename(
              fs.makeQualified(path(staging)),
              fs.makeQualified(path(published)),
              Options.Rename.NONE);
    } catch (IOException e) {
      throw StorageFailures.translate("publish", published, e, StorageError.WRITE_FAILED);
    }
  }

  /** Copies every file, the manifest last and without overwriting: it is what makes them count. */
  private void publishByManifest(Location staging, Location published) throws IOException {
    if (exists(published.resolve(Manifest.FILE_NAME))) {
      throw new FileAlreadyExistsException(published.uri());
    }
    List<FileEntry> files = new ArrayList<>(listFiles(staging));
    files.sort(Comparator.comparing(HadoopStorage::isManifest).thenComparing(FileEntry::location));
    FileSystem fs = fileSystem(published);
    for (FileEntry file : files) {
      String relative = file.location().uri().substring(staging.uri().length() + 1);
      try (InputStream in = open(file.location());
          OutputStream out = fs.create(path(published.resolve(relative)), !isManifest(file))) {
        in.transferTo(out);
      }
    }
    delete(staging);
  }

  private static boolean isManifest(FileEntry file) {
    return file.location().name().equals(Manifest.FILE_NAME);
  }

  @Override
  public java.nio.file.Path localCopy(Location file) {
    FileEntry entry = stat(file);
    String key = file.uri() + "|" + entry.bytes() + "|" + entry.modifiedMillis();
    String name = UUID.nameUUIDFromBytes(key.getBytes(StandardCharsets.UTF_8)) + "-" + file.name();
    String temporary = System.getProperty("java.io.tmpdir") + "/instella-cache";
    java.nio.file.Path folder =
        java.nio.file.Path.of(System.getProperty("instella.cache", temporary));
    java.nio.file.Path cached = folder.resolve(name);
    if (Files.exists(cached)) {
      return cached;
    }
    java.nio.file.Path partial = folder.resolve(name + "." + UUID.randomUUID());
    try {
      Files.createDirectories(folder);
      try (InputStream in = open(file)) {
        Files.copy(in, partial);
      }
      if (Files.size(partial) != entry.bytes()) {
        throw new IOException("got %d of %d bytes".formatted(Files.size(partial), entry.bytes()));
      }
      Files.move(partial, cached, StandardCopyOption.ATOMIC_MOVE);
      return cached;
    } catch (IOException e) {
      throw StorageFailures.translate(
          "copy to the cache folder " + folder + " the file", file, e, StorageError.READ_FAILED);
    }
  }

  /**
   * Hadoop adds the name of the file system where {@code asked} has none; callers cut names off
   * behind the folder that they asked for.
   */
  private static FileEntry entry(Location asked, FileStatus status) {
    String fileSystem = asked.uri().substring(0, fileSystemLength(asked.uri()));
    return new FileEntry(
        Location.of(fileSystem + status.getPath().toUri().getPath()),
        status.isDirectory() ? 0 : status.getLen(),
        status.isDirectory(),
        status.getModificationTime());
  }

  /** Asks the data nodes to put the bytes on disk before the file is closed. */
  private static final class SyncedStream extends OutputStream {
    private final FSDataOutputStream out;
    private boolean closed;

    SyncedStream(FSDataOutputStream out) {
      this.out = out;
    }

    @Override
    public void write(int value) throws IOException {
      out.write(value);
    }

    @Override
    public void write(byte[] bytes, int from, int count) throws IOException {
      out.write(bytes, from, count);
    }

    @Override
    public void flush() throws IOException {
      if (out.hasCapability("hflush")) {
        out.hflush(); // a plain flush leaves the bytes in this process, where no reader sees them
      } else {
        out.flush();
      }
    }

    @Override
    public void close() throws IOException {
      if (closed) {
        return; // HDFS refuses to sync what is closed, and streams around this one close it again
      }
      closed = true;
      try (out) {
        if (out.hasCapability("hsync")) {
          out.hsync();
        }
      }
    }
  }
}
