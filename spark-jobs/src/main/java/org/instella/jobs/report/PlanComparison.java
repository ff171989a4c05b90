package org.instella.jobs.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.instella.conf.manifest.FileDigest;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.storage.Storage;
import org.instella.jobs.progress.RunClock;
import org.instella.train.journal.Goodput;
import org.instella.train.plan.TrainingPlan;

/** What a run took against what its recipe promised. */
public record PlanComparison(List<Row> rows) {

  /**
   * One figure.
   *
   * @param note what to bear in mind
   */
  public record Row(String what, String planned, String measured, String note) {}

  /** Compares as far as the run has come; empty before its first attempt. */
  public static PlanComparison of(Storage storage, RunView run) {
    List<Row> rows = new ArrayList<>();
    if (run.attempt().isEmpty()) {
      return new PlanComparison(rows);
    }
    double ranks = run.number("ranks");
    double flops = run.number("flops-per-token");
    double peak = run.number("device-flops-per-second");
    double stepsPlanned = run.number("steps");
    double tokensPerStep = run.number("tokens-per-step");
    double stepsMade = run.last().map(MetricsPoint::step).orElse(0L);
    double rate = run.medianTokensPerSecond();
    double planRate = TrainingPlan.USUAL_MFU * peak * ranks / flops;
    Goodput goodput = run.goodput();
    rows.add(
        new Row(
            "parameters",
            count(run.number("parameters")),
            run.manifest().map(PlanComparison::parameters).orElse("–"),
            "measured: as the newest artefact says"));
    rows.add(new Row("steps", count(stepsPlanned), count(stepsMade), ""));
    rows.add(
        new Row(
            "tokens",
            count(stepsPlanned * tokensPerStep),
            run.last().map(last -> count(last.tokens())).orElse("–"),
            ""));
    rows.add(
        new Row(
            "memory of a rank",
            bytes(run.number("plan-memory-bytes")),
            bytes(run.residentBytes()),
            "planned: tensors alone; measured: peak of rank 0's whole process, JVM and libraries included"));
    rows.add(
        new Row(
            "FLOPs, causal",
            science(stepsPlanned * tokensPerStep * flops),
            science(stepsMade * tokensPerStep * flops),
            "steps made, without those that were made again"));
    rows.add(
        new Row(
            "tokens per second",
            count(planRate),
            count(rate),
            "planned at %.0f %% of %s; measured: median"
                .formatted(100 * TrainingPlan.USUAL_MFU, run.fact("device").orElse("the peak"))));
    rows.add(
        new Row(
            "MFU, causal / full attention",
            "%.0f %%".formatted(100 * TrainingPlan.USUAL_MFU),
            "%s / %s"
                .formatted(
                    percent(rate * flops / (ranks * peak)),
                    percent(rate * run.number("flops-per-token-full-attention") / (ranks * peak))),
            Boolean.parseBoolean(run.fact("device-measured").orElse("false"))
                ? "of a matrix product measured at the start"
                : "of the maker's figure"));
    rows.add(
        new Row(
            "time",
            RunClock.text(stepsPlanned * tokensPerStep / planRate),
            RunClock.text(goodput.total()),
            "measured: wall time so far, all attempts and what lay between them"));
    rows.add(
        new Row(
            "bytes of a checkpoint",
            bytes(run.number("plan-checkpoint-bytes")),
            bytes(checkpointBytes(storage, run)),
            "planned: weights and moments; measured: all files of the newest"));
    return new PlanComparison(rows);
  }

  private static String parameters(Manifest manifest) {
    return manifest.facts().get("parameters") instanceof Number number
        ? count(number.doubleValue())
        : "–";
  }

  private static double checkpointBytes(Storage storage, RunView run) {
    if (run.checkpoints().isEmpty()) {
      return Double.NaN;
    }
    Manifest newest = Manifest.read(storage, run.checkpoints().get(0).folder());
    return newest.files().stream().mapToLong(FileDigest::bytes).sum();
  }

  private static String count(double value) {
    return Double.isFinite(value) ? String.format(Locale.ROOT, "%,.0f", value) : "–";
  }

  private static String science(double value) {
    return Double.isFinite(value) ? String.format(Locale.ROOT, "%.3e", value) : "–";
  }

  private static String percent(double share) {
    return Double.isFinite(share) ? String.format(Locale.ROOT, "%.1f %%", 100 * share) : "–";
  }

  /** Units of 10³. */
  static String bytes(double bytes) {
    if (!Double.isFinite(bytes)) {
      return "–";
    }
    return bytes >= 1e9
        ? String.format(Locale.ROOT, "%,.2f GB", bytes / 1e9)
        : String.format(Locale.ROOT, "%,.1f MB", bytes / 1e6);
  }
}
