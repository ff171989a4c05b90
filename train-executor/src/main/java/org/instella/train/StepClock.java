package org.instella.train;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Where the time of a rank's steps goes, and the rate over the last steps of this attempt; the
 * first step, which warms up, does not count for the rate.
 */
final class StepClock {
  private static final int WINDOW = 20;

  private final RunParts parts;
  private final Deque<Long> ends = new ArrayDeque<>();
  private long began;
  private double waited;
  private double communicated;
  private double halted;

  StepClock(RunParts parts) {
    this.parts = parts;
    ends.addLast(System.nanoTime());
  }

  /**
   * Wall time of a step in seconds.
   *
   * @param total all of it
   * @param data of it: waiting for the batch
   * @param communication of it: waiting for collectives
   * @param checkpoint of it: halted by a checkpoint, between the step before and this one
   */
  record Times(double total, double data, double communication, double checkpoint) {}

  /** A step begins. */
  void begin() {
    began = System.nanoTime();
    waited = parts.loader.secondsWaited();
    communicated = secondsCommunicated();
  }

  /** The step ended. */
  Times end() {
    long now = System.nanoTime();
    ends.addLast(now);
    if (ends.size() > WINDOW + 1) {
      ends.removeFirst();
    }
    // Checkpoints are taken between steps, so their halts count from the end of the step before.
    double haltedBefore = halted;
    halted = parts.checkpoints.secondsHalted();
    return new Times(
        (now - began) / 1e9,
        parts.loader.secondsWaited() - waited,
        secondsCommunicated() - communicated,
        halted - haltedBefore);
  }

  /** What went on behind the backward pass cost no time. */
  private double secondsCommunicated() {
    return parts.group.secondsSpent() - parts.reduction.secondsHidden();
  }

  /** 0 until two steps have ended. */
  double tokensPerSecond() {
    if (ends.size() < 2) {
      return 0;
    }
    double seconds = (ends.getLast() - ends.getFirst()) / 1e9;
    return parts.config.tokensPerStep() * (ends.size() - 1) / Math.max(seconds, 1e-9);
  }

  /** Seconds that so many steps will take; 0 while unknown. */
  double secondsFor(long steps) {
    double rate = tokensPerSecond();
    return rate == 0 ? 0 : steps * parts.config.tokensPerStep() / rate;
  }
}
