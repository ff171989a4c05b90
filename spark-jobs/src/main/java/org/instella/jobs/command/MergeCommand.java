package org.instella.jobs.command;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.instella.conf.storage.Storage;
import org.instella.jobs.JobKind;
import org.instella.jobs.JobResult;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Weight ensembling. */
@Command(
    name = "merge",
    description = "Merges model folders into one; or finds out how, or how far apart they are.",
    footer = {
      "%nWithout --search and --compare the recipe's section is merge, with them merge-search and",
      "merge-compare. Keys and methods: docs/merge.md.",
      "%nExamples:",
      "  instella merge --models a,b,c --output merged",
      "  instella merge --models a,b --method slerp --set merge.t=0.3 --output merged",
      "  instella merge --models a,b --base start --method ties --set merge.density=0.3 --output m",
      "  instella merge --compare --models a,b,c --base start --output distances",
      "  instella merge --search --models a,b,c --base start --held-out 'text/held-*.jsonl.gz' \\",
      "      --tasks arc_easy::olmo1 --data benchmarks --output search",
      "  instella merge --search --conf conf/recipes/small-real-search.conf --output search"
    })
final class MergeCommand extends JobCommand {
  @Option(
      names = "--models",
      split = ",",
      paramLabel = "FOLDER",
      description = "Model folders, separated by commas.")
  private List<String> models = List.of();

  @Option(
      names = "--base",
      paramLabel = "FOLDER",
      description = "Model that the others started from.")
  private String base;

  @Option(
      names = "--method",
      description = "mean (default), linear, slerp, ties, dare-ties, model-stock, ...")
  private String method;

  @ArgGroup private Instead instead = new Instead();

  /** What else to do with the models. */
  private static final class Instead {
    @Option(
        names = "--search",
        description =
            "Evaluate every method on held-out text and tasks, keep the best; OUTPUT/model is it,"
                + " OUTPUT/search.html says why.")
    private boolean search;

    @Option(
        names = "--compare",
        description = "Merge nothing: write what differs and how far apart the models are.")
    private boolean compare;
  }

  @Option(
      names = "--held-out",
      split = ",",
      paramLabel = "FILES",
      description = "With --search: documents to choose by; files or patterns.")
  private List<String> heldOut = List.of();

  @Option(
      names = "--tasks",
      split = ",",
      paramLabel = "TASK",
      description = "With --search: benchmarks for the table.")
  private List<String> tasks = List.of();

  @Option(
      names = "--data",
      paramLabel = "FOLDER",
      description = "With --search: folder of the benchmarks' rows.")
  private String data;

  @Override
  JobKind kind() {
    if (instead.search) {
      return JobKind.MERGE_SEARCH;
    }
    return instead.compare ? JobKind.MERGE_COMPARE : JobKind.MERGE;
  }

  @Override
  List<String> settings() {
    List<String> settings = new ArrayList<>();
    if (!models.isEmpty()) {
      settings.add("models=" + Hocon.texts(models));
    }
    if (base != null) {
      settings.add("base=" + Hocon.text(base));
    }
    if (method != null) {
      settings.add("method=" + Hocon.text(method));
    }
    if (!heldOut.isEmpty()) {
      settings.add("held-out=" + Hocon.sections(heldOut.stream().map(this::text).toList()));
    }
    if (!tasks.isEmpty()) {
      settings.add("tasks=" + Hocon.texts(tasks));
    }
    if (data != null) {
      settings.add("data=" + Hocon.text(data));
    }
    return settings;
  }

  private Map<String, String> text(String documents) {
    Map<String, String> text = new LinkedHashMap<>();
    text.put("name", heldOut.size() == 1 ? "held-out" : documents);
    text.put("documents", documents);
    return text;
  }

  @Override
  void finished(Storage storage, JobResult result) {
    if (instead.search) {
      tell("report: " + result.artefact().resolve("search.html"));
      tell("model: " + result.artefact().resolve("model"));
    } else if (instead.compare) {
      tell(storage.readText(result.artefact().resolve("report.md")));
      tell("report: " + result.artefact().resolve("report.html"));
    }
  }

  private void tell(String line) {
    spec.commandLine().getOut().println(line);
    spec.commandLine().getOut().flush();
  }
}
