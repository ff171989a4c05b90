package org.instella.jobs.pipeline;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import org.instella.conf.error.ErrorCategory;
import org.instella.conf.error.InstellaException;
import org.instella.conf.error.StoppedException;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.jobs.Failures;
import org.instella.jobs.JobContext;
import org.instella.jobs.JobError;
import org.instella.jobs.JobResult;
import org.instella.jobs.cluster.Cluster;
import org.instella.jobs.progress.RunClock;
import org.instella.jobs.progress.StopSignal;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the steps that are not done: each as soon as those it needs are, side by side as far as the
 * cluster has slots. A step that fails stops those that need it and no other.
 */
public final class PipelineRun {
  private static final Logger log = LoggerFactory.getLogger(PipelineRun.class);

  private final Pipeline pipeline;
  private final Storage storage;
  private final Supplier<Cluster> cluster;
  private final StepRecord records;
  private final StepPlan plan;
  private final Map<String, String> made = new ConcurrentHashMap<>();

  public PipelineRun(Pipeline pipeline, Storage storage, Supplier<Cluster> cluster) {
    this.pipeline = pipeline;
    this.storage = storage;
    this.cluster = cluster;
    this.records = new StepRecord(storage, pipeline.folder());
    this.plan = new StepPlan(pipeline, records);
  }

  /** How a step ended. */
  public enum State {
    DONE_BEFORE,
    DONE,
    STOPPED,
    FAILED,
    NOT_RUN
  }

  /**
   * How a step ended.
   *
   * @param artefact what it made; null when it made nothing
   * @param failure null unless it failed
   */
  public record Outcome(
      String step,
      State state,
      Location artefact,
      String summary,
      double seconds,
      InstellaException failure) {}

  /** What would run and why, one line a step. */
  public List<String> describe() {
    Map<String, PipelineStep> steps = pipeline.byName();
    int width = steps.keySet().stream().mapToInt(String::length).max().orElse(1);
    List<String> lines = new ArrayList<>();
    plan.all()
        .forEach(
            (name, decision) ->
                lines.add(
                    "%-7s %-"
                        .concat(width + "s  %-15s %s")
                        .formatted(
                            decision.done().isPresent() ? "done" : "to run",
                            name,
                            steps.get(name).kind(),
                            decision.done().isPresent()
                                ? decision.done().get().summary()
                                : decision.why())));
    return lines;
  }

  /**
   * Runs what is to run.
   *
   * @return outcomes by step, in order
   * @throws InstellaException the first failure, after every step that could run has run
   */
  public Map<String, Outcome> run() {
    boolean allDone =
        plan.all().values().stream().allMatch(decision -> decision.done().isPresent());
    int total = allDone ? 1 : slots();
    Semaphore slots = new Semaphore(total, true);
    ExecutorService threads = Executors.newCachedThreadPool();
    Map<String, CompletableFuture<Outcome>> running = new LinkedHashMap<>();
    try {
      for (PipelineStep step : pipeline.steps()) {
        List<CompletableFuture<Outcome>> needs = step.needs().stream().map(running::get).toList();
        running.put(
            step.name(),
            CompletableFuture.allOf(needs.toArray(CompletableFuture<?>[]::new))
                .thenApplyAsync(ignored -> attempt(step, needs, slots, total), threads));
      }
      Map<String, Outcome> outcomes = new LinkedHashMap<>();
      running.forEach((name, future) -> outcomes.put(name, join(future)));
      summarise(outcomes);
      throwFirstFailure(outcomes);
      return outcomes;
    } finally {
      threads.shutdownNow();
    }
  }

  /** At least one: steps would wait for ever for slots of which there are none. */
  private int slots() {
    cluster.get().slots().awaitAny("the pipeline");
    return cluster.get().slots().total();
  }

  private static Outcome join(CompletableFuture<Outcome> future) {
    try {
      return future.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    }
  }

  private Outcome attempt(
      PipelineStep step, List<CompletableFuture<Outcome>> needs, Semaphore slots, int total) {
    for (CompletableFuture<Outcome> need : needs) {
      Outcome outcome = need.join();
      if (outcome.artefact() == null) {
        return new Outcome(step.name(), State.NOT_RUN, null, "needs " + outcome.step(), 0, null);
      }
    }
    try {
      SortedMap<String, String> inputs = plan.inputs(step, new TreeMap<>(made));
      StepPlan.Decision decision = plan.decide(step, inputs);
      if (decision.done().isPresent()) {
        StepRecord.Done done = decision.done().get();
        made.put(step.name(), done.digest());
        return new Outcome(
            step.name(), State.DONE_BEFORE, done.artefact(), done.summary(), done.seconds(), null);
      }
      return runNow(step, inputs, decision.why(), slots, total);
    } catch (InstellaException e) {
      return new Outcome(step.name(), stateOf(e), null, e.getMessage(), 0, e);
    }
  }

  private Outcome runNow(
      PipelineStep step, SortedMap<String, String> inputs, String why, Semaphore slots, int total) {
    int wanted = Math.max(1, Math.min(total, step.job().slots(total)));
    slots.acquireUninterruptibly(wanted);
    long start = System.nanoTime();
    try {
      if (StopSignal.requested()) {
        throw new StoppedException(JobError.STOPPED, "stopped before step " + step.name());
      }
      if (why.startsWith(StepPlan.CHANGED) && storage.exists(step.output())) {
        // What is there was made from something else: a fresh start, not a resumed one.
        log.info("{}: {}; what was there goes to {}", step.name(), why, records.setAside(step));
      }
      records.forget(step);
      log.info("{}: {} starts", step.name(), step.kind());
      JobResult result =
          step.job().run(new JobContext(step.name(), storage, cluster, step.output()));
      double seconds = seconds(start);
      records.write(step, inputs, result, seconds);
      made.put(step.name(), Manifest.read(storage, result.artefact()).digest());
      log.info("{}: done in {}: {}", step.name(), RunClock.text(seconds), result.summary());
      return new Outcome(
          step.name(), State.DONE, result.artefact(), result.summary(), seconds, null);
    } catch (InstellaException e) {
      log.warn("{}: {}", step.name(), e.getMessage());
      return new Outcome(step.name(), stateOf(e), null, e.getMessage(), seconds(start), e);
    } finally {
      slots.release(wanted);
    }
  }

  private static State stateOf(InstellaException failure) {
    return failure.category() == ErrorCategory.STOPPED ? State.STOPPED : State.FAILED;
  }

  private static double seconds(long startNanos) {
    return Duration.ofNanos(System.nanoTime() - startNanos).toMillis() / 1000.0;
  }

  private void summarise(Map<String, Outcome> outcomes) {
    int width = outcomes.keySet().stream().mapToInt(String::length).max().orElse(1);
    StringBuilder text = new StringBuilder("pipeline in ").append(pipeline.folder());
    for (Outcome outcome : outcomes.values()) {
      String state =
          switch (outcome.state()) {
            case DONE_BEFORE -> "done before";
            case DONE -> "done";
            case STOPPED -> "stopped";
            case FAILED -> "FAILED";
            case NOT_RUN -> "not run";
          };
      text.append(
          ("%n  %-" + width + "s  %-11s %12s  %s")
              .formatted(
                  outcome.step(),
                  state,
                  outcome.state() == State.NOT_RUN ? "" : RunClock.text(outcome.seconds()),
                  outcome.summary().lines().findFirst().orElse("")));
    }
    log.info("{}", text);
  }

  private static void throwFirstFailure(Map<String, Outcome> outcomes) {
    for (Outcome outcome : outcomes.values()) {
      if (outcome.failure() != null) {
        throw Failures.inStep(outcome.step(), outcome.failure());
      }
    }
  }
}
