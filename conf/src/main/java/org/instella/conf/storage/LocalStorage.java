package org.instella.conf.storage;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The local file system through java.nio: no checksum files beside ours, real atomic renames. */
final class LocalStorage implements Storage {

  @Override
  public InputStream open(Location file, long offset) {
    try {
      FileChannel channel = FileChannel.open(file.toLocalPath(), StandardOpenOption.READ);
      channel.position(offset);
      return Channels.newInputStream(channel);
    } catch (IOException e) {
      throw StorageFailures.translate("open", file, e, StorageError.READ_FAILED);
    }
  }

  @Override
  public OutputStream create(Location file) {
    return new SyncedStream(newFile(file));
  }

  @Override
  public OutputStream createLarge(Location file) {
    FileChannel channel = newFile(file);
    Optional<UncachedStream> stream = UncachedStream.open(file.toLocalPath(), channel);
    return stream.isPresent() ? stream.get() : new SyncedStream(channel);
  }

  private static FileChannel newFile(Location file) {
    try {
      Files.createDirectories(file.toLocalPath().getParent());
      return FileChannel.open(
          file.toLocalPath(), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw StorageFailures.translate("create", file, e, StorageError.WRITE_FAILED);
    }
  }

  @Override
  public boolean exists(Location location) {
    return Files.exists(location.toLocalPath());
  }

  @Override
  public FileEntry stat(Location location) {
    Path path = location.toLocalPath();
    try {
      return entry(path, Files.readAttributes(path, BasicFileAttributes.class));
    } catch (IOException e) {
      throw StorageFailures.translate("open", location, e, StorageError.READ_FAILED);
    }
  }

  @Override
  public List<FileEntry> list(Location folder) {
    List<FileEntry> entries = new ArrayList<>();
    try (Stream<Path> paths = Files.list(folder.toLocalPath())) {
      for (Path path : (Iterable<Path>) paths::iterator) {
        entryIfThere(path).ifPresent(entries::add);
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
      // A link stands for its target: its own size would cut the target short.
      Files.walkFileTree(
          folder.toLocalPath(),
          EnumSet.of(FileVisitOption.FOLLOW_LINKS),
          Integer.MAX_VALUE,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
              entries.add(entry(file, attributes));
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      throw StorageFailures.translate("list", folder, e, StorageError.READ_FAILED);
    }
    entries.sort(Comparator.comparing(FileEntry::location));
    return entries;
  }

  @Override
  public void makeFolder(Location folder) {
    try {
      Files.createDirectories(folder.toLocalPath());
    } catch (IOException e) {
      throw StorageFailures.translate("make the folder", folder, e, StorageError.WRITE_FAILED);
    }
  }

  @Override
  public void delete(Location location) {
    Path root = location.toLocalPath();
    try {
      if (!Files.isDirectory(root)) {
        Files.deleteIfExists(root);
        return;
      }
      Files.walkFileTree(
          root,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
              Files.deleteIfExists(file);
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path folder, IOException failure)
                throws IOException {
              Files.deleteIfExists(folder);
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      throw StorageFailures.translate("delete", location, e, StorageError.WRITE_FAILED);
    }
  }

  @Override
  public void publish(Location staging, Location published) {
    Path from = staging.toLocalPath();
    Path to = published.toLocalPath();
    boolean folder = Files.isDirectory(from);
    try {
      Files.createDirectories(to.getParent());
      if (folder) {
        syncFolder(from);
        if (Files.exists(to)) {
          throw new FileAlreadyExistsException(to.toString());
        }
        // rename(2) replaces an empty folder but never one that holds a file. What is published
        // holds a manifest, so the loser of a race is refused here too.
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
      } else {
        // link(2) refuses an existing name, which rename(2) would replace.
        Files.createLink(to, from);
        Files.delete(from);
      }
      syncFolder(to.getParent());
    } catch (IOException e) {
      if (folder && Files.isDirectory(to) && Files.isDirectory(from)) {
        throw StorageFailures.alreadyThere(published, e);
      }
      throw StorageFailures.translate("publish", published, e, StorageError.WRITE_FAILED);
    }
  }

  @Override
  public Path localCopy(Location file) {
    return stat(file).location().toLocalPath();
  }

  private static void syncFolder(Path folder) throws IOException {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /** Empty when another process removed or published the file since the listing. */
  private static Optional<FileEntry> entryIfThere(Path path) throws IOException {
    try {
      return Optional.of(entry(path, Files.readAttributes(path, BasicFileAttributes.class)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  private static FileEntry entry(Path path, BasicFileAttributes attributes) {
    boolean folder = attributes.isDirectory();
    return new FileEntry(
        Location.of(path),
        folder ? 0 : attributes.size(),
        folder,
        attributes.lastModifiedTime().toMillis());
  }
}
