package org.instella.jobs;

import java.io.Serializable;
import java.time.Clock;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.instella.conf.error.ErrorCategory;
import org.instella.conf.error.InstellaException;
import org.instella.jobs.progress.RunClock;
import org.instella.jobs.progress.RunMetrics;
import org.instella.train.journal.Goodput;
import org.instella.train.journal.JournalEntry;
import org.instella.train.journal.RunJournal;
import org.instella.train.monitor.StepTimes;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The driver's view of one run: progress lines by time and not by step, the journal, and Spark's
 * metrics.
 */
final class TrainProgress implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(TrainProgress.class);
  private static final Duration EVERY = Duration.ofSeconds(5);

  /** Of a run that never began, these are worth an account; a refused recipe or input is not. */
  private static final Set<ErrorCategory> LEAVE_A_TRACE =
      EnumSet.of(ErrorCategory.ENVIRONMENT, ErrorCategory.BUG);

  private final String name;
  private final RunJournal journal;
  private final RunMetrics metrics;
  private long lastLine = System.nanoTime();
  private StepTimes atLastLine = StepTimes.NONE;
  private StepTimes attempt = StepTimes.NONE;
  private long step;

  private TrainProgress(String name, RunJournal journal) {
    this.name = name;
    this.journal = journal;
    this.metrics = RunMetrics.of(name);
  }

  /** Begins to watch a run; its journal tells of a new command from here on. */
  static TrainProgress open(JobContext context) {
    return new TrainProgress(
        context.name(), RunJournal.open(context.storage(), context.output(), Clock.systemUTC()));
  }

  /** Called from the driver's message threads. */
  synchronized void hear(Serializable event) {
    try {
      dispatch(event);
    } catch (InstellaException e) {
      // Keeping account is a courtesy: the run goes on without it.
      log.warn("{}: the journal cannot be written: {}", name, e.getMessage());
    }
  }

  private void dispatch(Serializable event) {
    if (event instanceof TrainEvents.Started started) {
      started(started);
    } else if (event instanceof TrainEvents.Stepped stepped) {
      stepped(stepped);
    } else if (event instanceof TrainEvents.Measured measured) {
      measured(measured);
    } else if (event instanceof TrainEvents.Saved saved) {
      journal.write(
          JournalEntry.Kind.SAVED, saved.step(), StepTimes.NONE, Map.of("folder", saved.folder()));
      log.debug("{}: checkpoint {}", name, saved.folder());
    } else if (event instanceof TrainEvents.Noted noted) {
      noted(noted);
    } else if (event instanceof TrainEvents.RolledBack rolledBack) {
      rolledBack(rolledBack);
    } else if (event instanceof TrainEvents.Finished finished) {
      attempt = finished.attempt();
      step = finished.step();
      journal.write(
          JournalEntry.Kind.FINISHED,
          finished.step(),
          attempt,
          Map.of("loss", Double.toString(finished.loss())));
      log.info("{}: {}", name, summary());
    }
  }

  private void started(TrainEvents.Started started) {
    step = started.firstStep() - 1;
    attempt = StepTimes.NONE;
    atLastLine = StepTimes.NONE;
    journal.attempt(started.firstStep(), facts(started));
    log.info(
        "{}: steps {} to {}, {} parameters, {} rank(s) on {} ({} TFLOP/s each{}){}",
        name,
        started.firstStep(),
        started.steps(),
        "%,d".formatted(started.parameters()),
        started.ranks(),
        started.device().name(),
        number("%.3g", started.device().flopsPerSecond() / 1e12),
        started.device().measured() ? ", measured" : "",
        started.generation() == 0 ? "" : ", generation " + started.generation());
  }

  private static Map<String, String> facts(TrainEvents.Started started) {
    Map<String, String> facts = new TreeMap<>();
    facts.put("generation", Integer.toString(started.generation()));
    facts.put("ranks", Integer.toString(started.ranks()));
    facts.put("steps", Long.toString(started.steps()));
    facts.put("parameters", Long.toString(started.parameters()));
    facts.put("tokens-per-step", Long.toString(started.tokensPerStep()));
    facts.put("flops-per-token", Double.toString(started.flopsCausal()));
    facts.put("flops-per-token-full-attention", Double.toString(started.flopsFull()));
    facts.put("device", started.device().name());
    facts.put("device-flops-per-second", Double.toString(started.device().flopsPerSecond()));
    facts.put("device-measured", Boolean.toString(started.device().measured()));
    facts.put("plan-memory-bytes", Long.toString(started.planMemoryBytes()));
    facts.put("plan-checkpoint-bytes", Long.toString(started.planCheckpointBytes()));
    return facts;
  }

  private void stepped(TrainEvents.Stepped stepped) {
    attempt = stepped.attempt();
    step = stepped.step();
    journal.steps(step, attempt, Map.of("resident-bytes", Long.toString(stepped.residentBytes())));
    metrics.set("step", stepped.step());
    metrics.set("loss", stepped.loss());
    metrics.set("gradient-norm", stepped.gradientNorm());
    metrics.set("learning-rate", stepped.learningRate());
    metrics.set("tokens-per-second", stepped.rate().tokensPerSecond());
    metrics.set("mfu", stepped.rate().mfu());
    metrics.set("goodput", journal.goodput().share(journal.goodput().compute()));
    long now = System.nanoTime();
    if (now - lastLine < EVERY.toNanos() && stepped.step() < stepped.steps()) {
      return;
    }
    StepTimes since = attempt.minus(atLastLine);
    lastLine = now;
    atLastLine = attempt;
    log.info(
        "{}: step {}/{} loss {} grad-norm {} lr {} {} tokens/s ({} per device) mfu {} % data-wait {} %, {} left",
        name,
        stepped.step(),
        stepped.steps(),
        number("%.4f", stepped.loss()),
        number("%.2f", stepped.gradientNorm()),
        number("%.2e", stepped.learningRate()),
        number("%,.0f", stepped.rate().tokensPerSecond()),
        number("%,.0f", stepped.rate().tokensPerSecondPerDevice()),
        number("%.1f", 100 * stepped.rate().mfu()),
        number("%.1f", since.total() > 0 ? 100 * since.data() / since.total() : 0),
        RunClock.text(stepped.rate().secondsLeft()));
  }

  private void measured(TrainEvents.Measured measured) {
    measured.losses().forEach((source, loss) -> metrics.set("held-out." + source, loss));
    log.info(
        "{}: step {} held-out loss {}",
        name,
        measured.step(),
        measured.losses().entrySet().stream()
            .map(entry -> entry.getKey() + " " + number("%.4f", entry.getValue()))
            .collect(Collectors.joining(", ")));
  }

  private void noted(TrainEvents.Noted noted) {
    if (noted.spike()) {
      log.warn(
          "{}: loss spike at step {}: {} is above {}; documents: {}{}",
          name,
          noted.step(),
          number("%.4f", noted.loss()),
          number("%.4f", noted.bound()),
          String.join("; ", noted.documents()),
          noted.of() > noted.documents().size() ? "; ... of " + noted.of() : "");
    } else {
      log.warn("{}: step {} skipped: {}", name, noted.step(), String.join("; ", noted.documents()));
    }
  }

  private void rolledBack(TrainEvents.RolledBack rolledBack) {
    Map<String, String> facts = new TreeMap<>();
    facts.put("first-passed", Long.toString(rolledBack.firstPassed()));
    facts.put("reason", rolledBack.reason());
    journal.write(JournalEntry.Kind.ROLLED_BACK, rolledBack.step(), StepTimes.NONE, facts);
    log.warn(
        "{}: rolls back and passes over steps {} to {}: {}; documents: {}",
        name,
        rolledBack.firstPassed(),
        rolledBack.step(),
        rolledBack.reason(),
        String.join("; ", rolledBack.documents()));
  }

  /** An attempt was lost; the next one follows. */
  synchronized void lost(String why) {
    try {
      journal.write(JournalEntry.Kind.LOST, step, StepTimes.NONE, Map.of("why", why));
    } catch (InstellaException e) {
      log.warn("{}: the journal cannot be written: {}", name, e.getMessage());
    }
  }

  /** The run ended early, at the wish of somebody or for good. */
  synchronized void ended(InstellaException why) {
    String text = why.getMessage().lines().findFirst().orElse("");
    String how = why.category() == ErrorCategory.STOPPED ? "asked" : "failed";
    if (LEAVE_A_TRACE.contains(why.category())) {
      journal.keep();
    }
    journal.write(
        JournalEntry.Kind.STOPPED, step, attempt, new TreeMap<>(Map.of("why", text, "how", how)));
  }

  /** Where the time of all attempts went, in words. */
  private String summary() {
    Goodput goodput = journal.goodput();
    return "goodput %s of %s: %s"
        .formatted(
            number("%.1f %%", 100 * goodput.share(goodput.compute())),
            RunClock.text(goodput.total()),
            goodput.text());
  }

  private static String number(String format, double value) {
    return String.format(Locale.ROOT, format, value);
  }

  @Override
  public synchronized void close() {
    metrics.close();
    journal.close();
  }
}
