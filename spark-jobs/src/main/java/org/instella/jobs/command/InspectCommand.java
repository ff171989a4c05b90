package org.instella.jobs.command;

import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.instella.conf.error.DataException;
import org.instella.conf.manifest.FileDigest;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.settings.Recipe;
import org.instella.conf.settings.Settings;
import org.instella.conf.storage.FileEntry;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.jobs.JobError;
import org.instella.jobs.JobKind;
import org.instella.jobs.Section;
import org.instella.jobs.TrainJob;
import org.instella.jobs.report.RunSummary;
import org.instella.jobs.report.RunView;
import org.instella.jobs.report.TrainReport;
import org.instella.train.SampleLedger;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What an artefact is, in words. */
@Command(
    name = "inspect",
    description = "Says what a folder of ours is: kind, counts, inputs, settings, files.",
    footer = {
      "%nOf a training run, while it goes on or afterwards: state, loss, speed, faults, where the time went.",
      "%nExamples:",
      "  instella inspect instella-demo/merged --verify",
      "  instella inspect runs/stage1 --report",
      "  instella inspect runs/stage1 --ledger stage1.conf"
    })
final class InspectCommand implements Callable<Integer> {
  @Parameters(paramLabel = "PATH", description = "Folder of an artefact.")
  private Location path;

  @Option(names = "--verify", description = "Read every file again and compare its digest.")
  private boolean verify;

  @Option(names = "--report", description = "Of a training run: write report.html into its folder.")
  private boolean report;

  @Option(
      names = "--ledger",
      paramLabel = "CONF",
      description =
          "Of a training run: prove that each sample was used exactly as often as this recipe says.")
  private Location ledger;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Overrides a key of the recipe of --ledger; may be given several times.")
  private List<String> sets = List.of();

  @Option(names = "--debug", description = "Print the stack trace of a failure.")
  private boolean debug;

  @Spec CommandSpec spec;

  @Override
  public Integer call() {
    Storage storage = Storage.standard();
    PrintWriter out = spec.commandLine().getOut();
    FileEntry entry = storage.stat(path);
    Optional<Manifest> manifest = entry.folder() ? Manifest.find(storage, path) : Optional.empty();
    if (manifest.isPresent()) {
      describe(manifest.get(), out);
      if (verify) {
        manifest.get().verify(storage, path);
        out.println("verified: every file has the length and digest that the manifest says");
      }
    } else if (entry.folder() && RunView.isRun(storage, path)) {
      RunSummary.print(storage, RunView.read(storage, path), System.currentTimeMillis(), out);
    } else if (entry.folder()) {
      describeFolder(storage, out);
    } else {
      throw new DataException(
          JobError.BAD_INPUT,
          "%s is a file; inspect tells of folders with a manifest.json, `shards inspect` of shards"
              .formatted(path));
    }
    if (report) {
      out.printf("report in %s%n", TrainReport.write(storage, path));
    }
    if (ledger != null) {
      verifyLedger(storage, out);
    }
    out.flush();
    return 0;
  }

  private void verifyLedger(Storage storage, PrintWriter out) {
    Recipe recipe = Recipe.load(storage, ledger, sets);
    Settings root =
        recipe
            .root()
            .ignoring(JobKind.names().toArray(String[]::new))
            .ignoring("pipeline", "spark");
    String name = JobKind.TRAIN.text();
    TrainJob job =
        TrainJob.from(root.section(name, "the stage").ignoring("output"), Section.of(recipe, name));
    root.finish();
    SampleLedger.Report proof = SampleLedger.verify(storage, path, job.config());
    out.printf(
        "ledger: %,d steps, none missing and none twice; %,d samples, each as often as its order says, in %d epoch(s); %d step(s) without an update%n",
        proof.steps(), proof.samples(), proof.epochs(), proof.skipped());
  }

  private void describe(Manifest manifest, PrintWriter out) {
    out.printf("%s%n  kind      %s (format %d)%n", path, manifest.kind(), manifest.formatVersion());
    out.printf("  made by   %s%n  digest    %s%n", manifest.codeVersion(), manifest.digest());
    manifest.facts().forEach((key, value) -> out.printf("  %-9s %s%n", key, value));
    manifest.inputs().forEach((name, digest) -> out.printf("  input     %s %s%n", name, digest));
    manifest
        .configuration()
        .forEach((key, value) -> out.printf("  setting   %s = %s%n", key, value));
    for (FileDigest file : manifest.files()) {
      out.printf("  file      %s %,d bytes %s%n", file.name(), file.bytes(), file.sha256());
    }
  }

  private void describeFolder(Storage storage, PrintWriter out) {
    out.printf("%s has no manifest of its own; in it:%n", path);
    for (FileEntry entry : storage.list(path)) {
      String kind =
          entry.folder()
              ? Manifest.find(storage, entry.location()).map(Manifest::kind).orElse("folder")
              : "%,d bytes".formatted(entry.bytes());
      out.printf("  %-24s %s%n", entry.location().name(), kind);
    }
  }
}
