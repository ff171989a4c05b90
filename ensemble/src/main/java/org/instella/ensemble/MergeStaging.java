package org.instella.ensemble;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.UUID;
import org.instella.conf.error.DataException;
import org.instella.conf.error.ErrorCategory;
import org.instella.conf.error.InstellaException;
import org.instella.conf.manifest.Digests;
import org.instella.conf.manifest.FileDigest;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.storage.FileEntry;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.conf.storage.StorageError;
import org.instella.model.checkpoint.ModelFolder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder beside the output in which a merge gathers its files. Its name is a function of the
 * models and the settings, so every task and every later run of the same merge finds it. A file in
 * it is finished when it is there under its own name; the note beside it is written first.
 */
final class MergeStaging {
  private static final Logger log = LoggerFactory.getLogger(MergeStaging.class);

  private final Storage storage;
  private final Location folder;

  private MergeStaging(Storage storage, Location folder) {
    this.storage = storage;
    this.folder = folder;
  }

  static MergeStaging of(
      Storage storage, Location output, MergeConfig config, Collection<ModelFolder> models) {
    String digest = identity(storage, config, models).substring(0, 16);
    return new MergeStaging(
        storage, output.parent().resolve("._merge-%s-%s".formatted(output.name(), digest)));
  }

  /** A digest of what is merged and how; equal ones give equal bytes. */
  static String identity(Storage storage, MergeConfig config, Collection<ModelFolder> models) {
    StringBuilder identity = new StringBuilder(config.description().toString());
    for (ModelFolder model : models) {
      Optional<Manifest> manifest = model.manifest();
      identity.append('\n').append(manifest.map(Manifest::digest).orElse(""));
      if (manifest.isEmpty()) {
        for (Location file : model.weightFiles()) {
          FileEntry entry = storage.stat(file);
          identity.append("%s %d %d\n".formatted(file, entry.bytes(), entry.modifiedMillis()));
        }
      }
    }
    return Digests.sha256(identity.toString());
  }

  Location folder() {
    return folder;
  }

  /** What is known of a finished file; empty when it is not finished. */
  Optional<FinishedShard.Note> finished(String file) {
    return new FinishedShard(storage, folder.resolve(file)).read();
  }

  /** A name under which one attempt writes a file. */
  Location part(String file) {
    return folder.resolve(".%s.%s".formatted(file, UUID.randomUUID()));
  }

  /**
   * Makes a part the finished file. Where another attempt was faster its file stays: both have the
   * same bytes.
   */
  void finish(
      Location part, FileDigest digest, SortedMap<String, SortedMap<String, String>> checksums) {
    Location file = folder.resolve(digest.name());
    FinishedShard shard = new FinishedShard(storage, file);
    shard.write(digest, checksums);
    if (storage.exists(file) && shard.read().isEmpty()) {
      storage.delete(file); // of another length: not ours
    }
    try {
      if (!storage.exists(file)) {
        storage.publish(part, file);
      }
    } catch (DataException e) {
      if (e.code() != StorageError.ALREADY_EXISTS) {
        throw e;
      }
    }
    storage.delete(part);
  }

  /** Removes everything but the named files: notes and parts do not belong to a model. */
  void keepOnly(List<String> names) {
    for (FileEntry entry : storage.list(folder)) {
      if (!names.contains(entry.location().name())) {
        storage.delete(entry.location());
      }
    }
  }

  /**
   * Keeps finished files and their notes for a later run where the failure is not the data's; parts
   * of files go in any case, they may be what filled the disk.
   */
  void tidy(List<String> names, RuntimeException failure) {
    try {
      boolean mayHeal =
          failure instanceof InstellaException known
              && (known.category() == ErrorCategory.ENVIRONMENT
                  || known.category() == ErrorCategory.STOPPED);
      List<String> kept = new ArrayList<>();
      for (String name : names) {
        if (mayHeal && finished(name).isPresent()) {
          kept.add(name);
          kept.add(FinishedShard.noteName(name));
        }
      }
      if (!kept.isEmpty()) {
        keepOnly(kept);
        log.info("merge interrupted; finished files are kept folder={}", folder);
      } else {
        storage.delete(folder);
      }
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
  }
}
