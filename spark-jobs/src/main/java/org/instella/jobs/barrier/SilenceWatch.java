package org.instella.jobs.barrier;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.instella.jobs.cluster.Cluster;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * On the driver: replaces the executor of a rank that has fallen silent. The ranks watch each other
 * too, and faster, but only once they have met; a process that freezes before that would hold up
 * Spark's barrier until {@code spark.network.timeout}.
 */
final class SilenceWatch implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(SilenceWatch.class);
  private static final long LOOK_EVERY_MILLIS = 500;

  private final Cluster cluster;
  private final RankRegister register;
  private final Duration silence;
  private final Thread thread = new Thread(this::run, "instella-silence-watch");

  SilenceWatch(Cluster cluster, RankRegister register, Duration silence) {
    this.cluster = cluster;
    this.register = register;
    this.silence = silence;
    thread.setDaemon(true);
    thread.start();
  }

  private void run() {
    long last = System.nanoTime();
    try {
      while (true) {
        TimeUnit.MILLISECONDS.sleep(LOOK_EVERY_MILLIS);
        long now = System.nanoTime();
        if (now - last > silence.toNanos() / 2) {
          register.forgive(); // this process was frozen itself, or its machine asleep
        }
        last = now;
        look();
      }
    } catch (InterruptedException end) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      log.warn("nobody watches over silent ranks any more reason={}", e.toString(), e);
    }
  }

  private void look() {
    for (RankProcess rank : register.silent(silence)) {
      if (cluster.executors().contains(rank.executor())) {
        log.warn(
            "rank {} on {} (process {}) has been silent for {} s; its executor {} is replaced",
            rank.rank(),
            rank.host(),
            rank.pid(),
            silence.toMillis() / 1000.0,
            rank.executor());
        cluster.replaceExecutor(rank.executor(), rank.ownChild());
      }
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
