package org.instella.tokenize.shard;

import java.io.Serializable;
import org.instella.conf.storage.Location;

/**
 * Where the attempts at one shard meet.
 *
 * @param staging folder of the running work, the same for all its tasks
 * @param name the shard's, without ending
 */
public record ShardPlace(Location staging, String name) implements Serializable {

  /** Where the finished shard lies until the commit: there if and only if it is finished. */
  public Location finished() {
    return staging.resolve("shards").resolve(name);
  }

  /** A folder of its own for every attempt. */
  Location attempt(String unique) {
    return staging.resolve("attempts").resolve(name + "-" + unique);
  }
}
