package org.instella.conf.storage;

import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Set;
import org.apache.hadoop.fs.FSDataOutputStreamBuilder;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options.CreateFileOptionKeys;
import org.instella.conf.manifest.Manifest;

/**
 * Object stores through Hadoop's client: {@code s3a://}, {@code gs://}, {@code abfs://}. They have
 * no folders, no rename and no append, but replace an object in one step, and S3 creates one only
 * where none is. So the manifest, put last, is the commit of an artefact, which is gathered in its
 * own place; what lies there without a manifest is no artefact (decision 0017).
 */
final class ObjectStorage extends HadoopStorage {
  private static final Set<String> SCHEMES =
      Set.of("s3a", "s3", "s3n", "gs", "abfs", "abfss", "wasb", "wasbs", "oss", "cosn", "obs");

  /** Above it a file is copied by the store, which cannot refuse to overwrite in the same step. */
  private static final long PUT_AGAIN = 32 << 20;

  static boolean serves(Location location) {
    return SCHEMES.contains(location.scheme());
  }

  @Override
  public OutputStream create(Location file) {
    try {
      return createNew(file);
    } catch (IOException e) {
      throw StorageFailures.translate("create", file, e, StorageError.WRITE_FAILED);
    }
  }

  /**
   * Of two that create the same object at once the first to close it wins, where the store is S3.
   */
  private ObjectOutput createNew(Location file) throws IOException {
    if (exists(file)) {
      throw new FileAlreadyExistsException(file.uri());
    }
    FSDataOutputStreamBuilder<?, ?> builder = fileSystem(file).createFile(path(file));
    builder.overwrite(false).recursive();
    builder.opt(CreateFileOptionKeys.FS_OPTION_CREATE_CONDITIONAL_OVERWRITE, true);
    return new ObjectOutput(file, builder.build());
  }

  @Override
  public GrowingFile grow(Location file) {
    try {
      return new RewrittenObject(
          () -> new ObjectOutput(file, fileSystem(file).create(path(file), true)));
    } catch (IOException e) {
      throw StorageFailures.translate("create", file, e, StorageError.WRITE_FAILED);
    }
  }

  /** Without renames there is no better place than the final one. */
  @Override
  public Location assembly(Location aside, Location published) {
    return published;
  }

  @Override
  public boolean isPublished(Location location) {
    return exists(location.resolve(Manifest.FILE_NAME))
        || exists(location) && !stat(location).folder();
  }

  @Override
  public void publish(Location staging, Location published) {
    try {
      if (staging.equals(published)) {
        stat(published.resolve(Manifest.FILE_NAME)); // has been the commit
      } else if (stat(staging).folder()) {
        publishFolder(staging, published);
      } else {
        publishFile(staging, published);
      }
    } catch (IOException e) {
      throw StorageFailures.translate("publish", published, e, StorageError.WRITE_FAILED);
    }
  }

  private void publishFile(Location staging, Location published) throws IOException {
    FileEntry file = stat(staging);
    if (file.bytes() > PUT_AGAIN) {
      if (exists(published)) {
        throw new FileAlreadyExistsException(published.uri());
      }
      move(staging, published);
      return;
    }
    writeBytes(published, readBytes(staging, (int) PUT_AGAIN));
    delete(staging);
  }

  /**
   * Moves every file and puts the manifest last. The old one goes first: a folder that is half
   * moved must look whole at neither place.
   */
  private void publishFolder(Location staging, Location published) throws IOException {
    if (isPublished(published)) {
      throw new FileAlreadyExistsException(published.uri());
    }
    delete(published); // of a publication that was interrupted
    Location from = staging.resolve(Manifest.FILE_NAME);
    byte[] manifest = exists(from) ? readBytes(from, (int) PUT_AGAIN) : new byte[0];
    List<FileEntry> files = listFiles(staging);
    if (manifest.length > 0) {
      delete(from);
    }
    for (FileEntry file : files) {
      if (!file.location().equals(from)) {
        String name = file.location().uri().substring(staging.uri().length() + 1);
        move(file.location(), published.resolve(name));
      }
    }
    if (manifest.length > 0) {
      writeBytes(published.resolve(Manifest.FILE_NAME), manifest);
    }
    delete(staging);
  }

  /** The store copies; the bytes do not come here. */
  private void move(Location from, Location to) throws IOException {
    FileSystem fs = fileSystem(to);
    fs.mkdirs(path(to.parent()));
    if (!fs.rename(path(from), path(to))) {
      throw new IOException("the store does not move %s there".formatted(from));
    }
  }
}
