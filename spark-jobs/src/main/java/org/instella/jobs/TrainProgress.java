package org.instella.jobs;

import java.io.Serializable;
import java.time.Duration;
import java.util.stream.Collectors;
import org.instella.jobs.progress.RunClock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The driver's progress lines of one run: by time, not by step. */
final class TrainProgress {
  private static final Logger log = LoggerFactory.getLogger(TrainProgress.class);
  private static final Duration EVERY = Duration.ofSeconds(5);

  private final String name;
  private long lastLine = System.nanoTime();

  TrainProgress(String name) {
    this.name = name;
  }

  /** Called from the driver's message threads. */
  synchronized void hear(Serializable event) {
    if (event instanceof TrainEvents.Started started) {
      log.info(
          "{}: steps {} to {}, {} parameters, {} rank(s){}",
          name,
          started.firstStep(),
          started.steps(),
          "%,d".formatted(started.parameters()),
          started.ranks(),
          started.generation() == 0 ? "" : ", generation " + started.generation());
    } else if (event instanceof TrainEvents.Stepped stepped) {
      stepped(stepped);
    } else if (event instanceof TrainEvents.Measured measured) {
      log.info(
          "{}: step {} held-out loss {}",
          name,
          measured.step(),
          measured.losses().entrySet().stream()
              .map(entry -> "%s %.4f".formatted(entry.getKey(), entry.getValue()))
              .collect(Collectors.joining(", ")));
    } else if (event instanceof TrainEvents.Saved saved) {
      log.debug("{}: checkpoint {}", name, saved.folder());
    }
  }

  private void stepped(TrainEvents.Stepped stepped) {
    long now = System.nanoTime();
    if (now - lastLine < EVERY.toNanos() && stepped.step() < stepped.steps()) {
      return;
    }
    lastLine = now;
    log.info(
        "{}: step {}/{} loss {} grad-norm {} lr {} {} tokens/s, {} left",
        name,
        stepped.step(),
        stepped.steps(),
        "%.4f".formatted(stepped.loss()),
        "%.2f".formatted(stepped.gradientNorm()),
        "%.2e".formatted(stepped.learningRate()),
        "%,.0f".formatted(stepped.tokensPerSecond()),
        RunClock.text(stepped.secondsLeft()));
  }
}
