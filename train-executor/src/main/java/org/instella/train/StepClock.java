package org.instella.train;

import java.util.ArrayDeque;
import java.util.Deque;
import org.instella.train.monitor.StepTimes;

/**
 * Where the time of this rank goes from its first step on, and the rate over the last steps of this
 * attempt; the first step, which warms up, does not count for the rate.
 */
final class StepClock {
  private static final int WINDOW = 20;

  private final RunParts parts;
  private final Deque<Long> ends = new ArrayDeque<>();
  private long steps;
  private long last;
  private double waited;
  private double communicated;
  private double halted;
  private StepTimes sum = StepTimes.NONE;

  /** Starts now. */
  StepClock(RunParts parts) {
    this.parts = parts;
    this.last = System.nanoTime();
    this.waited = parts.loader.secondsWaited();
    this.communicated = secondsCommunicated();
    ends.addLast(last);
  }

  /** Counts some work as a halt for a checkpoint, with all that the ranks say to each other. */
  void halt(Runnable work) {
    long start = System.nanoTime();
    double before = secondsCommunicated();
    try {
      work.run();
    } finally {
      halted += (System.nanoTime() - start) / 1e9;
      communicated += secondsCommunicated() - before;
    }
  }

  /** A step ended: where the time went since the one before. */
  StepTimes stepEnded() {
    StepTimes times = lap();
    ends.addLast(last);
    steps++;
    if (steps == 2 || ends.size() > WINDOW + 1) {
      ends.removeFirst(); // at the second step the start, and with it the step that warms up
    }
    return times;
  }

  /** Everything until now; a step may be under way no longer. */
  StepTimes finish() {
    lap();
    return sum;
  }

  /** From the first step of this attempt to the end of the last one. */
  StepTimes sum() {
    return sum;
  }

  private StepTimes lap() {
    long now = System.nanoTime();
    double total = (now - last) / 1e9;
    double data = Math.min(total, parts.loader.secondsWaited() - waited);
    double checkpoint = Math.min(total - data, halted);
    double communication =
        Math.min(total - data - checkpoint, Math.max(0, secondsCommunicated() - communicated));
    last = now;
    waited = parts.loader.secondsWaited();
    communicated = secondsCommunicated();
    halted = 0;
    StepTimes times = new StepTimes(total, data, communication, checkpoint);
    sum = sum.plus(times);
    return times;
  }

  /** What went on behind the backward pass cost no time. */
  private double secondsCommunicated() {
    return parts.group.secondsSpent() - parts.reduction.secondsHidden();
  }

  /** 0 until a step has ended. */
  double tokensPerSecond() {
    double seconds = (ends.getLast() - ends.getFirst()) / 1e9;
    return parts.config.tokensPerStep() * (ends.size() - 1) / Math.max(seconds, 1e-9);
  }

  /** Seconds that so many steps will take; 0 while unknown. */
  double secondsFor(long steps) {
    double rate = tokensPerSecond();
    return rate == 0 ? 0 : steps * parts.config.tokensPerStep() / rate;
  }
}
