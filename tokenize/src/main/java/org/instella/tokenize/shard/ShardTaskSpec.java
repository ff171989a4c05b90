package org.instella.tokenize.shard;

import java.io.Serializable;
import org.instella.conf.storage.Location;
import org.instella.tokenize.document.WorkUnit;

/**
 * One shard to be written: what a driver ships to the task that writes it.
 *
 * @param unit the input, which names the shard
 * @param source name of the source
 * @param staging folder of the running job, the same for all its tasks and for its restarts
 */
public record ShardTaskSpec(WorkUnit unit, String source, TokenizeConfig config, Location staging)
    implements Serializable {

  /** Where the finished shard lies until the commit: there if and only if it is finished. */
  Location finished() {
    return staging.resolve("shards").resolve(unit.name());
  }

  /** A folder of its own for every attempt. */
  Location attempt(String unique) {
    return staging.resolve("attempts").resolve(unit.name() + "-" + unique);
  }
}
