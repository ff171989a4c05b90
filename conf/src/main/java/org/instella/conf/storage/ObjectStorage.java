package org.instella.conf.storage;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.hadoop.fs.EtagSource;
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

  /** The artefacts of a run stand before the run itself. */
  private static final Comparator<Location> INNER_FIRST =
      Comparator.comparingInt((Location file) -> -file.uri().split("/").length)
          .thenComparing(Comparator.naturalOrder());

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

  /** As {@link #create}, which may refuse at the end only: too late for gigabytes. */
  @Override
  public OutputStream createLarge(Location file) {
    if (exists(file)) {
      throw StorageFailures.alreadyThere(file, null);
    }
    return create(file);
  }

  /**
   * Of two that create the same object at once the first to close it wins, where the store is S3.
   */
  private ObjectOutput createNew(Location file) throws IOException {
    FSDataOutputStreamBuilder<?, ?> builder = fileSystem(file).createFile(path(file));
    builder.overwrite(false).recursive();
    builder.opt(CreateFileOptionKeys.FS_OPTION_CREATE_CONDITIONAL_OVERWRITE, true);
    return new ObjectOutput(file, builder.build());
  }

  @Override
  public GrowingFile grow(Location file) {
    try {
      return new RewrittenObject(new Place(file));
    } catch (IOException e) {
      throw StorageFailures.translate("create", file, e, StorageError.WRITE_FAILED);
    }
  }

  private final class Place implements RewrittenObject.Place {
    private final Location file;

    Place(Location file) {
      this.file = file;
    }

    @Override
    public ObjectOutput begin(Optional<String> version) throws IOException {
      FSDataOutputStreamBuilder<?, ?> builder = fileSystem(file).createFile(path(file));
      builder.overwrite(true).recursive();
      if (version.isPresent()) {
        builder.opt(
            CreateFileOptionKeys.FS_OPTION_CREATE_CONDITIONAL_OVERWRITE_ETAG, version.get());
      }
      return new ObjectOutput(file, builder.build());
    }

    @Override
    public Optional<String> version() throws IOException {
      return fileSystem(file).getFileStatus(path(file)) instanceof EtagSource source
          ? Optional.ofNullable(source.getEtag())
          : Optional.empty();
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
   * Moves every file and puts the manifests last. Their old ones go first: a folder that is half
   * moved must look whole at neither place. The outermost is put where none is, so of several that
   * publish at once one wins; nobody ever removes it.
   */
  private void publishFolder(Location staging, Location published) throws IOException {
    Location commit = published.resolve(Manifest.FILE_NAME);
    if (exists(commit)) {
      throw new FileAlreadyExistsException(published.uri());
    }
    List<FileEntry> files = listFiles(staging);
    SortedMap<Location, byte[]> manifests = new TreeMap<>(INNER_FIRST);
    for (FileEntry file : files) {
      if (isManifest(file)) {
        manifests.put(moved(file, staging, published), readBytes(file.location(), (int) PUT_AGAIN));
      }
    }
    files.stream().filter(ObjectStorage::isManifest).forEach(file -> delete(file.location()));
    boolean remains = exists(published); // of a publication that was interrupted
    if (remains) {
      for (FileEntry file : files) {
        if (!isManifest(file)) {
          Location to = moved(file, staging, published);
          delete(to);
          move(file.location(), to);
        }
      }
    } else if (files.size() > manifests.size()) {
      move(staging, published); // all at once: the store copies many at a time
    }
    manifests.forEach(
        (file, bytes) -> {
          if (remains && !file.equals(commit)) {
            delete(file);
          }
          writeBytes(file, bytes);
        });
    if (remains) {
      removeOthers(staging, published, files);
    }
    delete(staging);
  }

  private void removeOthers(Location staging, Location published, List<FileEntry> files) {
    Set<Location> ours =
        files.stream().map(file -> moved(file, staging, published)).collect(Collectors.toSet());
    for (FileEntry there : listFiles(published)) {
      if (!ours.contains(there.location())) {
        delete(there.location());
      }
    }
  }

  private static boolean isManifest(FileEntry file) {
    return file.location().name().equals(Manifest.FILE_NAME);
  }

  private static Location moved(FileEntry file, Location from, Location to) {
    return to.resolve(file.location().uri().substring(from.uri().length() + 1));
  }

  /** The store copies; the bytes do not come here. */
  private void move(Location from, Location to) throws IOException {
    FileSystem fs = fileSystem(to);
    if (!to.parent().equals(from.parent())) {
      fs.mkdirs(path(to.parent()));
    }
    if (!fs.rename(path(from), path(to))) {
      throw new IOException("the store does not move %s there".formatted(from));
    }
  }
}
