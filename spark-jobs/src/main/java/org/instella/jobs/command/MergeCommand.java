package org.instella.jobs.command;

import java.util.ArrayList;
import java.util.List;
import org.instella.jobs.JobKind;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Weight ensembling. */
@Command(
    name = "merge",
    description = "Merges model folders into one.",
    footer = {
      "%nExamples:",
      "  instella merge --models a,b,c --output merged",
      "  instella merge --models a,b --method slerp --set merge.t=0.3 --output merged"
    })
final class MergeCommand extends JobCommand {
  @Option(
      names = "--models",
      split = ",",
      paramLabel = "FOLDER",
      description = "Model folders, separated by commas.")
  private List<String> models = List.of();

  @Option(
      names = "--method",
      description = "mean (default), linear, slerp, ties, dare-ties, model-stock, ...")
  private String method;

  @Override
  JobKind kind() {
    return JobKind.MERGE;
  }

  @Override
  List<String> settings() {
    List<String> settings = new ArrayList<>();
    if (!models.isEmpty()) {
      settings.add("models=" + Hocon.texts(models));
    }
    if (method != null) {
      settings.add("method=" + Hocon.text(method));
    }
    return settings;
  }
}
