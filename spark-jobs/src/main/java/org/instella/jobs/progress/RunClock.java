package org.instella.jobs.progress;

import java.time.Duration;

/** Durations as people read them. */
public final class RunClock {
  private RunClock() {}

  /** {@code 8 s}, {@code 3 min 20 s}, {@code 2 h 05 min}, {@code 3 d 04 h}. */
  public static String text(Duration duration) {
    long s = Math.max(0, duration.plusMillis(500).toSeconds());
    if (s < 60) {
      return s + " s";
    }
    if (s < 3600) {
      return "%d min %02d s".formatted(s / 60, s % 60);
    }
    if (s < 86_400) {
      return "%d h %02d min".formatted(s / 3600, s % 3600 / 60);
    }
    return "%d d %02d h".formatted(s / 86_400, s % 86_400 / 3600);
  }

  /** The same for seconds as a rate estimate gives them; {@code ?} where it is none. */
  public static String text(double seconds) {
    return Double.isFinite(seconds) ? text(Duration.ofMillis((long) (seconds * 1000))) : "?";
  }
}
