package org.instella.jobs;

import java.util.List;
import org.instella.conf.storage.Location;

/** One unit of work with one output, as a command or a step of a pipeline runs it. */
public interface Job {

  /** What it reads: files, folders, artefacts. */
  List<Location> inputs();

  /**
   * Task slots that it holds while it runs.
   *
   * @param total slots of the cluster
   */
  int slots(int total);

  /** Ranks of its widest barrier stage; 1 when it has none. */
  default int ranks() {
    return 1;
  }

  /** Does the work; going on where an earlier attempt was stopped. */
  JobResult run(JobContext context);
}
