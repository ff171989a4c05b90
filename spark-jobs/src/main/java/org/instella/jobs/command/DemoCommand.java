package org.instella.jobs.command;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.instella.conf.settings.Recipe;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.jobs.pipeline.PipelineRun;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The whole programme at toy scale. */
@Command(
    name = "demo",
    description = {
      "The whole programme on generated text: corpus, tokenizer, token shards, stage 1, three seeds",
      "of stage 2, their mean, evaluation, one HTML report. It is a pipeline like any other: stopped",
      "in the middle, the same command goes on."
    },
    footer = {
      "%nExamples:",
      "  instella demo",
      "  instella demo --size small --output /tmp/demo",
      "  instella demo --set let.stage1-steps=100"
    })
final class DemoCommand implements Callable<Integer> {
  /** How much of everything. */
  enum Size {
    SMALL("laptop-small.conf"),
    STANDARD("laptop.conf");

    private final String recipe;

    Size(String recipe) {
      this.recipe = recipe;
    }
  }

  @Mixin RecipeOptions options;

  @Option(
      names = "--output",
      paramLabel = "FOLDER",
      defaultValue = "instella-demo",
      description = "Where everything goes; default ./instella-demo.")
  private Location output;

  @Option(
      names = "--size",
      defaultValue = "standard",
      description =
          "small (two minutes or so, to see that it works) or standard; default standard.")
  private Size size;

  @Option(names = "--dry-run", description = "Say what would run and why, and end.")
  private boolean dryRun;

  @Spec CommandSpec spec;

  @Override
  public Integer call() {
    Location recipes =
        Location.of(System.getProperty("instella.home", ".")).resolve("conf/recipes");
    PrintWriter out = spec.commandLine().getOut();
    Recipe recipe = options.recipe(Optional.of(recipes.resolve(size.recipe)), List.of());
    Map<String, PipelineRun.Outcome> outcomes =
        PipelineCommand.run(recipe, options, Optional.of(output), dryRun, out);
    Location report = output.resolve("scores/report.html");
    if (!outcomes.isEmpty() && Storage.standard().exists(report)) {
      out.println("report: " + report.uri());
    }
    out.flush();
    return 0;
  }

  @Override
  public String toString() {
    return "demo " + size.name().toLowerCase(Locale.ROOT);
  }
}
