package org.instella.tokenize.shard;

import java.io.Serializable;
import java.util.Optional;
import org.instella.conf.error.DataException;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;

/**
 * Where the attempts at one shard meet.
 *
 * @param staging folder of the running work, the same for all its tasks
 * @param name the shard's, without ending
 */
public record ShardPlace(Location staging, String name) implements Serializable {

  /**
   * The folder of the attempt that stayed, with the shard's files until the commit moves them;
   * empty until one has finished.
   */
  Optional<Location> finished(Storage storage) {
    if (!isFinished(storage)) {
      return Optional.empty();
    }
    return Optional.of(staging.resolve("attempts").resolve(storage.readText(note()).strip()));
  }

  boolean isFinished(Storage storage) {
    return storage.exists(note());
  }

  /** A folder of its own for every attempt. */
  Location attempt(String unique) {
    return staging.resolve("attempts").resolve(name + "-" + unique);
  }

  /**
   * Makes an attempt the one that stays: a small file with its name, published once. Files of
   * gigabytes are not moved for it, which an object store could do by copying only.
   *
   * @throws DataException if another one was faster
   */
  void finish(Storage storage, Location attempt) {
    Location draft = attempt.resolve("note");
    storage.writeText(draft, attempt.name() + "\n");
    storage.publish(draft, note());
  }

  private Location note() {
    return staging.resolve("shards").resolve(name);
  }
}
