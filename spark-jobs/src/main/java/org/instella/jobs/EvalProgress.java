package org.instella.jobs;

import java.io.Serializable;
import java.time.Duration;
import org.instella.jobs.progress.ProgressChannel;
import org.instella.jobs.progress.RunClock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One line from time to time: how much of all questions and texts is answered, how long still. */
final class EvalProgress {
  private static final Logger log = LoggerFactory.getLogger(EvalProgress.class);
  private static final Duration EVERY = Duration.ofSeconds(5);

  private final String name;
  private final long[] sizes;
  private final long[] answered;
  private final long all;
  private final long start = System.nanoTime();
  private long lastLine = start;

  /**
   * @param sizes rough size of each task's partition, in characters
   */
  EvalProgress(String name, long[] sizes) {
    this.name = name;
    this.sizes = sizes.clone();
    this.answered = new long[sizes.length];
    long sum = 0;
    for (long size : sizes) {
      sum += size;
    }
    this.all = sum;
  }

  /** What one task has answered so far; a task that starts again counts from its start. */
  private record Answered(int task, long characters) implements Serializable {}

  /** Called from the driver's message threads. */
  synchronized void heard(Serializable event) {
    if (!(event instanceof Answered now)) {
      return;
    }
    answered[now.task()] = now.characters();
    long time = System.nanoTime();
    int finished = 0;
    long done = 0;
    for (int i = 0; i < sizes.length; i++) {
      done += answered[i];
      finished += answered[i] == sizes[i] ? 1 : 0;
    }
    if (time - lastLine < EVERY.toNanos() && finished < sizes.length) {
      return;
    }
    lastLine = time;
    double seconds = (time - start) / 1e9;
    log.info(
        "{}: {} % of the questions and texts, {}/{} tasks, {} left",
        name,
        "%.1f".formatted(100.0 * done / Math.max(1, all)),
        finished,
        sizes.length,
        RunClock.text(done == 0 ? Double.NaN : (all - done) * seconds / done));
  }

  /** A task's side: at most one message a second. */
  static final class Sender {
    private static final long EVERY_NANOS = 1_000_000_000L;

    private final String topic;
    private final int task;
    private long last = System.nanoTime();

    Sender(String topic, int task) {
      this.topic = topic;
      this.task = task;
    }

    void answered(long characters) {
      long now = System.nanoTime();
      if (now - last >= EVERY_NANOS) {
        last = now;
        ProgressChannel.send(topic, new Answered(task, characters));
      }
    }

    void finished(long characters) {
      ProgressChannel.send(topic, new Answered(task, characters));
    }
  }
}
