package org.instella.jobs.barrier;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
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

  /** Ranks report once a second. */
  private static final Duration SILENCE = Duration.ofSeconds(3);

  private final Cluster cluster;
  private final RankRegister register;

  LostRanks(Cluster cluster, RankRegister register) {
    this.cluster = cluster;
    this.register = register;
  }

  /**
   * Returns once no rank of the generation holds a slot, or the patience is over twice.
   *
   * @param patience time that a living rank may take to notice the end and leave; one that has not
   *     reported for {@link #SILENCE} gets none
   */
  void clear(Duration patience) {
    long start = System.nanoTime();
    Set<String> replaced = new HashSet<>();
    List<RankProcess> remaining = holdingSlots();
    while (!remaining.isEmpty() && !cluster.ended()) {
      long waited = System.nanoTime() - start;
      if (waited > 2 * patience.toNanos()) {
        return;
      }
      List<RankProcess> silent = register.silent(SILENCE);
      for (RankProcess rank : remaining) {
        boolean frozen = waited > patience.toNanos() || silent.contains(rank);
        if (frozen && replaced.add(rank.executor())) {
          replace(rank);
        }
      }
      pause();
      remaining = holdingSlots();
    }
  }

  private void replace(RankProcess frozen) {
    log.warn(
        "rank {} on {} (process {}) neither ends nor dies; its executor {} is replaced",
        frozen.rank(),
        frozen.host(),
        frozen.pid(),
        frozen.executor());
    cluster.replaceExecutor(frozen.executor(), frozen.ownChild());
  }

  private static void pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(20);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StoppedException(JobError.STOPPED, "interrupted between two attempts", e);
    }
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
