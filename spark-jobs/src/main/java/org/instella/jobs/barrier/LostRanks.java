package org.instella.jobs.barrier;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.instella.conf.error.StoppedException;
import org.instella.jobs.JobError;
import org.instella.jobs.cluster.Cluster;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What remains of a generation that failed: waits until its ranks are gone, and ends the executors
 * of those that do not go.
 *
 * <p>A killed process is missed by Spark at once, a frozen one only after {@code
 * spark.network.timeout}; until then it holds a slot that the next generation needs. A rank that
 * neither ends nor dies within the patience is therefore taken for frozen.
 */
final class LostRanks {
  private static final Logger log = LoggerFactory.getLogger(LostRanks.class);

  private final Cluster cluster;
  private final RankRegister register;

  LostRanks(Cluster cluster, RankRegister register) {
    this.cluster = cluster;
    this.register = register;
  }

  /**
   * Returns once no rank of the generation holds a slot, or the patience is over twice.
   *
   * @param patience time that a living rank may take to notice the end and leave
   */
  void clear(Duration patience) {
    if (remaining(patience).isEmpty()) {
      return;
    }
    for (RankProcess frozen : remaining(Duration.ZERO)) {
      log.warn(
          "rank {} on {} (process {}) neither ends nor dies; its executor {} is replaced",
          frozen.rank(),
          frozen.host(),
          frozen.pid(),
          frozen.executor());
      cluster.replaceExecutor(frozen.executor(), frozen.ownChild());
    }
    remaining(patience);
  }

  /** The ranks that still hold a slot once the time is over; none as soon as there are none. */
  private List<RankProcess> remaining(Duration within) {
    long deadline = System.nanoTime() + within.toNanos();
    List<RankProcess> remaining = holdingSlots();
    while (!remaining.isEmpty() && System.nanoTime() < deadline && !cluster.ended()) {
      try {
        TimeUnit.MILLISECONDS.sleep(20);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new StoppedException(JobError.STOPPED, "interrupted between two attempts", e);
      }
      remaining = holdingSlots();
    }
    return remaining;
  }

  private List<RankProcess> holdingSlots() {
    List<RankProcess> holding = new ArrayList<>(register.running());
    if (!holding.isEmpty()) {
      List<String> executors = cluster.executors();
      holding.removeIf(rank -> !executors.contains(rank.executor()));
    }
    return holding;
  }
}
