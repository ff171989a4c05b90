package org.instella.tokenize.shard;

import java.io.Serializable;
import org.instella.conf.storage.Location;
import org.instella.tokenize.document.WorkUnit;

/**
 * One shard to be written: what a driver ships to the task that writes it.
 *
 * @param unit the input, which names the shard
 * @param source name of the source
 * @param sampling which documents of the source are taken
 * @param staging folder of the running job, the same for all its tasks and for its restarts
 */
public record ShardTaskSpec(
    WorkUnit unit,
    String source,
    DocumentSampling sampling,
    TokenizeConfig config,
    Location staging)
    implements Serializable {

  /** Where attempts at this shard meet. */
  ShardPlace place() {
    return new ShardPlace(staging, unit.name());
  }
}
