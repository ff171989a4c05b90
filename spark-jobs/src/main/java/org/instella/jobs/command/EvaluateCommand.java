package org.instella.jobs.command;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.jobs.JobKind;
import org.instella.jobs.JobResult;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Benchmarks and held-out loss. */
@Command(
    name = "evaluate",
    description = "Evaluates models on benchmarks and held-out text; writes a report.",
    footer = {
      "%nExamples:",
      "  instella evaluate --model merged --tasks arc_easy::olmo1,piqa::olmo1 --data benchmarks \\",
      "      --output report",
      "  instella evaluate --conf evaluation.conf --output report"
    })
final class EvaluateCommand extends JobCommand {
  @Option(
      names = "--model",
      paramLabel = "[NAME=]FOLDER",
      description = "Model folder, perhaps with its name in the report; may be given often.")
  private List<String> models = List.of();

  @Option(
      names = "--tasks",
      split = ",",
      paramLabel = "TASK",
      description = "Names of the catalogue, suites, or paths, separated by commas.")
  private List<String> tasks = List.of();

  @Option(names = "--data", paramLabel = "FOLDER", description = "Folder of the benchmarks' rows.")
  private String data;

  @Override
  JobKind kind() {
    return JobKind.EVALUATE;
  }

  @Override
  List<String> settings() {
    List<String> settings = new ArrayList<>();
    if (!models.isEmpty()) {
      settings.add(
          "models=" + Hocon.sections(models.stream().map(EvaluateCommand::model).toList()));
    }
    if (!tasks.isEmpty()) {
      settings.add("tasks=" + Hocon.texts(tasks));
    }
    if (data != null) {
      settings.add("data=" + Hocon.text(data));
    }
    return settings;
  }

  private static Map<String, String> model(String option) {
    int mark = option.indexOf('=');
    String folder = option.substring(mark + 1);
    Map<String, String> model = new LinkedHashMap<>();
    model.put("name", mark < 0 ? Location.of(folder).name() : option.substring(0, mark));
    model.put("folder", folder);
    return model;
  }

  @Override
  void finished(Storage storage, JobResult result) {
    spec.commandLine().getOut().println("report: " + result.artefact().resolve("report.html"));
    spec.commandLine().getOut().flush();
  }
}
