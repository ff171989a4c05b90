package org.instella.jobs.command;

import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.settings.Recipe;
import org.instella.conf.settings.Settings;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.jobs.JobError;
import org.instella.jobs.JobKind;
import org.instella.jobs.Section;
import org.instella.jobs.TrainJob;
import org.instella.jobs.progress.RunClock;
import org.instella.jobs.report.PlanComparison;
import org.instella.jobs.report.RunView;
import org.instella.model.checkpoint.ModelFolder;
import org.instella.model.transformer.TransformerConfig;
import org.instella.train.TrainConfig;
import org.instella.train.optim.TrainDuration;
import org.instella.train.plan.DevicePeak;
import org.instella.train.plan.TrainingPlan;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What a stage will take, before it runs. */
@Command(
    name = "plan",
    description =
        "Says what a training stage will take: parameters, memory, operations, time, slots.",
    footer = {
      "%nExample:",
      "  instella plan --conf conf/recipes/instella-3b-stage1.conf --ranks 128 --device MI300X"
    })
final class PlanCommand implements Callable<Integer> {
  @Mixin RecipeOptions options;

  @Option(names = "--ranks", description = "Devices; default train.ranks.")
  private Integer ranks;

  @Option(
      names = "--device",
      defaultValue = "MI300X",
      description = "MI250X, MI300X, MI325X, A100, H100, H200 or B200; default MI300X.")
  private String device;

  @Option(
      names = "--mfu",
      defaultValue = "0.38",
      description = "Share of the device's bfloat16 peak that the run achieves; default 0.38.")
  private double mfu;

  @Option(
      names = "--run",
      paramLabel = "FOLDER",
      description = "Output folder of a run: the plan against what it took so far.")
  private Location run;

  @Spec CommandSpec spec;

  @Override
  public Integer call() {
    Recipe recipe = options.recipe(List.of());
    Settings root =
        recipe
            .root()
            .ignoring(JobKind.names().toArray(String[]::new))
            .ignoring("pipeline", "spark");
    String section = JobKind.TRAIN.text();
    TrainJob job =
        TrainJob.from(
            root.section(section, "the stage").ignoring("output"), Section.of(recipe, section));
    root.finish();
    DevicePeak peak =
        DevicePeak.named(device)
            .orElseThrow(() -> wrong("--device " + device + ": known are " + devices()));
    if (!(mfu > 0 && mfu <= 1)) {
      throw wrong("--mfu %s: must be in (0, 1]".formatted(mfu));
    }
    print(job, peak);
    if (run != null) {
      printMeasured();
    }
    return 0;
  }

  private void printMeasured() {
    Storage storage = Storage.standard();
    PlanComparison comparison = PlanComparison.of(storage, RunView.read(storage, run));
    PrintWriter out = spec.commandLine().getOut();
    out.printf("%n%-30s %20s %20s  %s%n", run.name(), "planned", "measured", "");
    for (PlanComparison.Row row : comparison.rows()) {
      out.printf("%-30s %20s %20s  %s%n", row.what(), row.planned(), row.measured(), row.note());
    }
    if (comparison.rows().isEmpty()) {
      out.printf("no attempt on record in %s%n", run);
    }
    out.flush();
  }

  private void print(TrainJob job, DevicePeak peak) {
    TrainConfig train = job.config();
    int devices = ranks == null ? job.ranks() : ranks;
    if (devices < 1) {
      throw wrong("--ranks %d: must be at least 1".formatted(devices));
    }
    if (train.duration().unit() == TrainDuration.Unit.EPOCHS) {
      throw wrong(
          "train.duration = %s: a plan needs steps or tokens, since the data is not read"
              .formatted(train.duration()));
    }
    TransformerConfig model = model(train);
    TrainingPlan plan =
        TrainingPlan.of(model, train, new TrainDuration.Units(train.tokensPerStep(), 1), devices);
    PrintWriter out = spec.commandLine().getOut();
    out.printf("parameters        %,d%n", plan.parameters());
    out.printf("  that multiply   %,d%n", plan.flopParameters());
    out.printf("steps             %,d of %,d tokens%n", plan.steps(), train.tokensPerStep());
    out.printf("tokens            %,d%n", plan.tokens());
    out.printf(
        "FLOPs of a token  %.2e causal, %.2e full attention%n",
        plan.flopsPerToken().causal(), plan.flopsPerToken().full());
    out.printf(
        "FLOPs of the run  %.3e causal, %.3e full attention%n",
        plan.causalFlops(), plan.fullFlops());
    out.printf("memory of a rank  %s, without the library%n", bytes(plan.memory().total()));
    plan.memory().parts().forEach((part, size) -> out.printf("  %-40s %s%n", part, bytes(size)));
    double rate = mfu * peak.bfloat16();
    out.printf(
        "time              %s on %d x %s at %.0f %% of its bfloat16 peak (%.0f TFLOP/s)%n",
        RunClock.text(plan.time(rate)), devices, peak, 100 * mfu, rate / 1e12);
    if (plan.memory().total() > peak.gigabytes() * 1_000_000_000L) {
      out.printf("                  DOES NOT FIT: %s has %d GB%n", peak, peak.gigabytes());
    }
    out.printf("checkpoint        %s%n", bytes(plan.checkpointBytes()));
    out.printf("barrier slots     %d, all free at the same time%n", devices);
    SparkAdvice.of(plan, train, peak, options.executorHome())
        .forEach((key, value) -> out.printf("%-17s %s=%s%n", "Spark", key, value));
    out.flush();
  }

  private static TransformerConfig model(TrainConfig train) {
    Optional<TransformerConfig> fresh = train.model();
    if (fresh.isPresent()) {
      return fresh.get();
    }
    try (ModelFolder folder =
        ModelFolder.open(Storage.standard(), train.start().path().orElseThrow())) {
      return folder.transformerConfig();
    }
  }

  private static List<DevicePeak> devices() {
    return List.of(DevicePeak.values());
  }

  private static String bytes(long bytes) {
    return bytes >= 1_000_000_000L
        ? "%,.1f GB".formatted(bytes / 1e9)
        : "%,.1f MB".formatted(bytes / 1e6);
  }

  private static ConfigurationException wrong(String message) {
    return new ConfigurationException(JobError.BAD_COMMAND_LINE, message);
  }
}
