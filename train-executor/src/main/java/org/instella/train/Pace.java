package org.instella.train;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Tokens per second over the last steps of this attempt; the first step, which warms up, does not
 * count.
 */
final class Pace {
  private static final int WINDOW = 20;

  private final long tokensPerStep;
  private final Deque<Long> ends = new ArrayDeque<>();

  Pace(long tokensPerStep) {
    this.tokensPerStep = tokensPerStep;
  }

  /** A step ended at this time of {@link System#nanoTime()}. */
  void stepEnded(long nanos) {
    ends.addLast(nanos);
    if (ends.size() > WINDOW + 1) {
      ends.removeFirst();
    }
  }

  /** 0 until two steps have ended. */
  double tokensPerSecond() {
    if (ends.size() < 2) {
      return 0;
    }
    double seconds = (ends.getLast() - ends.getFirst()) / 1e9;
    return tokensPerStep * (ends.size() - 1) / Math.max(seconds, 1e-9);
  }

  /** Seconds that so many steps will take; 0 while unknown. */
  double secondsFor(long steps) {
    double rate = tokensPerSecond();
    return rate == 0 ? 0 : steps * tokensPerStep / rate;
  }
}
