package org.instella.conf.storage;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.instella.conf.error.DataException;
import org.instella.conf.error.EnvironmentException;

/**
 * Files on any file system. Nothing here throws a checked exception: what went wrong becomes a
 * {@link DataException} (missing, already there) or an {@link EnvironmentException} (disk full,
 * network), with the location in the message.
 */
public interface Storage {

  /** Local paths through java.nio, everything else through Hadoop. */
  static Storage standard() {
    return RoutedStorage.INSTANCE;
  }

  /** Opens a file for reading; the caller closes the stream. */
  default InputStream open(Location file) {
    return open(file, 0);
  }

  /** Opens a file at {@code offset} bytes; the caller closes the stream. */
  InputStream open(Location file, long offset);

  /**
   * Creates a file and the folders above it; refuses to overwrite. Closing the stream puts the
   * bytes on disk before it returns. A stream that is a {@link
   * java.nio.channels.WritableByteChannel} too takes buffers as they are, all of one in one call.
   */
  OutputStream create(Location file);

  /**
   * As {@link #create}, for files of gigabytes: the bytes go past the system's page cache where the
   * file system allows it. Nobody finds them in the file before it is closed.
   */
  default OutputStream createLarge(Location file) {
    return create(file);
  }

  /** Begins a file that others read while it grows; one of that name stays until it is replaced. */
  default GrowingFile grow(Location file) {
    return new AppendedFile(this, file);
  }

  boolean exists(Location location);

  /**
   * Whether a finished artefact or file is at a location. On an object store, where a crash leaves
   * some of an artefact's files in its place, that is where its manifest is.
   */
  default boolean isPublished(Location location) {
    return exists(location);
  }

  /**
   * Says before the work what {@link #publish} would say after it.
   *
   * @throws DataException if something is published at {@code output}
   */
  default void requireAbsent(Location output) {
    if (isPublished(output)) {
      throw StorageFailures.alreadyThere(output, null);
    }
  }

  /**
   * What is at a location.
   *
   * @throws DataException if nothing is there
   */
  FileEntry stat(Location location);

  /** What is directly in {@code folder}, sorted by name. */
  List<FileEntry> list(Location folder);

  /** All files below {@code folder}, at any depth, sorted by location. */
  List<FileEntry> listFiles(Location folder);

  /** Makes a folder and those above it; one that is there already is fine. */
  void makeFolder(Location folder);

  /** Removes a file or a folder with all below it; absent is fine. */
  void delete(Location location);

  /**
   * The commit: {@code staging} becomes {@code published} in one step that refuses to overwrite. On
   * an object store, where a rename copies, the manifest is put last and is the commit; where files
   * were gathered in place ({@link #assembly}) it has been it already.
   *
   * @throws DataException if {@code published} exists already
   */
  void publish(Location staging, Location published);

  /**
   * A local file with the same bytes, for memory maps: the file itself when it is local, else a
   * copy in a cache folder that is reused while length and modification time stay the same.
   */
  Path localCopy(Location file);

  /**
   * Where the files of an artefact are to be gathered: {@code aside}, for {@link #publish} to
   * rename; on an object store in {@code published} itself. Writers that choose this clear away
   * what an interrupted one has left, and write the manifest last.
   */
  default Location assembly(Location aside, Location published) {
    return aside;
  }

  /** A name beside {@code published} under which its bytes are gathered before they are visible. */
  default Location staging(Location published) {
    return published
        .parent()
        .resolve("._staging-%s-%s".formatted(published.name(), UUID.randomUUID()));
  }

  /**
   * The whole of a small file.
   *
   * @throws DataException if it is longer than {@code limit} bytes
   */
  default byte[] readBytes(Location file, int limit) {
    try (InputStream in = open(file)) {
      byte[] bytes = in.readNBytes(limit);
      if (in.read() >= 0) {
        throw new DataException(
            StorageError.TOO_LARGE,
            "%s is longer than the %,d bytes allowed for it".formatted(file, limit));
      }
      return bytes;
    } catch (IOException e) {
      throw StorageFailures.translate("read", file, e, StorageError.READ_FAILED);
    }
  }

  /** A small UTF-8 file, at most 64 MiB. */
  default String readText(Location file) {
    return new String(readBytes(file, 64 << 20), StandardCharsets.UTF_8);
  }

  /** Creates a UTF-8 file; refuses to overwrite. */
  default void writeText(Location file, String text) {
    writeBytes(file, text.getBytes(StandardCharsets.UTF_8));
  }

  /** Creates a file; refuses to overwrite. */
  default void writeBytes(Location file, byte[] bytes) {
    try (OutputStream out = create(file)) {
      out.write(bytes);
    } catch (IOException e) {
      throw StorageFailures.translate("write", file, e, StorageError.WRITE_FAILED);
    }
  }
}
