package org.instella.jobs.report;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.instella.conf.storage.Storage;
import org.instella.jobs.progress.RunClock;
import org.instella.train.RollBack;
import org.instella.train.checkpoint.Checkpoints;
import org.instella.train.journal.Goodput;

/** A run in words. */
public final class RunSummary {
  private static final int INCIDENTS = 5;

  private final RunView run;
  private final PrintWriter out;

  private RunSummary(RunView run, PrintWriter out) {
    this.run = run;
    this.out = out;
  }

  /**
   * Prints how a run stands.
   *
   * @param nowMillis the time of the reader, to say how old the news is
   */
  public static void print(Storage storage, RunView run, long nowMillis, PrintWriter out) {
    RunSummary summary = new RunSummary(run, out);
    summary.printState(nowMillis);
    summary.printSpeed();
    summary.printCheckpoints();
    summary.printFaults();
    summary.printGoodput();
    summary.printPlan(storage);
  }

  private void line(String name, String format, Object... values) {
    out.printf(Locale.ROOT, "  %-12s %s%n", name, String.format(Locale.ROOT, format, values));
  }

  private void printState(long nowMillis) {
    out.printf("%s%n", run.folder());
    line("kind", "training run");
    String news =
        run.journal().isEmpty()
            ? ""
            : " (last sign %s ago)".formatted(RunClock.text(run.silentSeconds(nowMillis)));
    line("status", "%s%s", run.status(), news);
    run.last()
        .ifPresent(
            last -> {
              line("step", "%,d of %s", last.step(), run.fact("steps").orElse("?"));
              line(
                  "loss",
                  "%.4f (gradient norm %.3f, learning rate %.3e)",
                  last.loss(),
                  last.gradientNorm(),
                  last.learningRate());
            });
    if (!run.heldOut().isEmpty()) {
      long step = run.heldOut().lastKey();
      line(
          "held-out",
          "step %,d: %s",
          step,
          run.heldOut().get(step).entrySet().stream()
              .map(loss -> String.format(Locale.ROOT, "%s %.4f", loss.getKey(), loss.getValue()))
              .collect(Collectors.joining(", ")));
    }
  }

  private void printSpeed() {
    run.last()
        .ifPresent(
            last -> {
              double ranks = run.number("ranks");
              line(
                  "speed",
                  "%,.0f tokens/s (%,.0f per device), MFU %.1f %% causal, %.1f %% full attention",
                  last.tokensPerSecond(),
                  last.tokensPerSecond() / ranks,
                  100 * last.mfu(),
                  100 * last.mfuFull());
              line(
                  "devices",
                  "%s x %s",
                  run.fact("ranks").orElse("?"),
                  run.fact("device").orElse("?"));
              double left = run.number("steps") - last.step();
              if (left > 0 && last.tokensPerSecond() > 0) {
                double seconds = left * run.number("tokens-per-step") / last.tokensPerSecond();
                line("left", "%s for %,.0f steps", RunClock.text(seconds), left);
              }
            });
  }

  private void printCheckpoints() {
    List<Checkpoints.Found> found = run.checkpoints();
    line(
        "checkpoints",
        "%d%s",
        found.size(),
        found.isEmpty() ? "" : ", the newest " + found.get(0).folder().name());
    run.best().ifPresent(best -> line("best", "%s by held-out loss", best.folder().name()));
  }

  private void printFaults() {
    line("restarts", "%d", run.restarts());
    for (RollBack rollBack : run.rollBacks()) {
      line(
          "roll-back",
          "passed over steps %d to %d: %s",
          rollBack.firstPassed(),
          rollBack.step(),
          rollBack.reason());
    }
    List<RunView.Noted> noted = run.incidents();
    line("incidents", "%d", noted.size());
    for (RunView.Noted incident :
        noted.subList(Math.max(0, noted.size() - INCIDENTS), noted.size())) {
      line(
          "",
          "step %,d %s, loss %.4f: %s%s",
          incident.step(),
          incident.kind(),
          incident.loss(),
          incident.documents().isEmpty() ? "" : incident.documents().get(0),
          incident.documents().size() > 1
              ? " and %d more".formatted(incident.documents().size() - 1)
              : "");
    }
  }

  private void printGoodput() {
    Goodput goodput = run.goodput();
    line("wall time", "%s", RunClock.text(goodput.total()));
    goodput
        .parts()
        .forEach(
            (part, seconds) ->
                line("", "%-17s %10.1f s %6.1f %%", part, seconds, 100 * goodput.share(seconds)));
  }

  private void printPlan(Storage storage) {
    PlanComparison comparison = PlanComparison.of(storage, run);
    if (comparison.rows().isEmpty()) {
      return;
    }
    out.printf("  %-30s %20s %20s%n", "plan against measured", "planned", "measured");
    for (PlanComparison.Row row : comparison.rows()) {
      out.printf("  %-30s %20s %20s%n", row.what(), row.planned(), row.measured());
    }
  }
}
