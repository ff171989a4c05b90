package org.instella.jobs.barrier;

import java.io.Serializable;
import java.util.Optional;

/**
 * Where a rank of a generation runs.
 *
 * @param executor Spark's name of its executor
 * @param pid number of its process on that host
 */
public record RankProcess(int generation, int rank, String executor, String host, long pid)
    implements Serializable {

  /** The process, if it is one that this process has started and that still lives. */
  public Optional<ProcessHandle> ownChild() {
    return ProcessHandle.current().descendants().filter(process -> process.pid() == pid).findAny();
  }
}
