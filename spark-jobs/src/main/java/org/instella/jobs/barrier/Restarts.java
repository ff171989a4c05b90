package org.instella.jobs.barrier;

import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * How often a stage may start again after its environment failed.
 *
 * @param limit restarts allowed without progress between them
 * @param slotsWithin how long lost executors may take to come back
 * @param silence a rank of which the driver hears nothing for so long is taken for frozen; ranks
 *     report once a second
 * @param progress a text that changes when the stage has come further (its newest checkpoint); a
 *     restart after progress counts as the first one again, so that a run of weeks may lose many
 *     machines
 * @param lost hears why an attempt was lost, before the next one
 */
public record Restarts(
    int limit,
    Duration slotsWithin,
    Duration silence,
    Supplier<String> progress,
    Consumer<String> lost) {

  /** A stage that leaves nothing behind until its end. */
  public static Restarts atMost(int limit) {
    return new Restarts(
        limit, Duration.ofSeconds(120), Duration.ofSeconds(15), () -> "", why -> {});
  }

  public Restarts withProgress(Supplier<String> mark) {
    return new Restarts(limit, slotsWithin, silence, mark, lost);
  }

  public Restarts withSilence(Duration time) {
    return new Restarts(limit, slotsWithin, time, progress, lost);
  }

  /** Tells {@code listener} why an attempt was lost, before the next one. */
  public Restarts withListener(Consumer<String> listener) {
    return new Restarts(limit, slotsWithin, silence, progress, listener);
  }
}
