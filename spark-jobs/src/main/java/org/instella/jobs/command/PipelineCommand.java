package org.instella.jobs.command;

import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.instella.conf.settings.Recipe;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.jobs.cluster.ClusterConfig;
import org.instella.jobs.cluster.LazyCluster;
import org.instella.jobs.pipeline.Pipeline;
import org.instella.jobs.pipeline.PipelineRun;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Any graph of steps from a recipe. */
@Command(
    name = "pipeline",
    description = {
      "Runs the steps of a recipe's pipeline section, side by side where slots allow.",
      "A step whose inputs and settings are those that made what is there is not run again;",
      "the same command goes on where a stopped run ended."
    },
    footer = {
      "%nExamples:",
      "  instella pipeline --conf conf/recipes/small-real.conf --dry-run",
      "  instella pipeline --conf conf/recipes/small-real.conf --output /data/run1"
    })
final class PipelineCommand implements Callable<Integer> {
  @Mixin RecipeOptions options;

  @Option(
      names = "--output",
      paramLabel = "FOLDER",
      description = "Where all steps write; overrides pipeline.folder.")
  private Location output;

  @Option(names = "--dry-run", description = "Say what would run and why, and end.")
  private boolean dryRun;

  @Spec CommandSpec spec;

  @Override
  public Integer call() {
    Recipe recipe = options.recipe(List.of());
    run(recipe, options, Optional.ofNullable(output), dryRun, spec.commandLine().getOut());
    return 0;
  }

  /** Runs a pipeline; also the heart of the demonstration. Empty when nothing was to be run. */
  static Map<String, PipelineRun.Outcome> run(
      Recipe recipe,
      RecipeOptions options,
      Optional<Location> output,
      boolean dryRun,
      PrintWriter out) {
    Pipeline pipeline = Pipeline.read(recipe, output);
    ClusterConfig config = options.cluster(recipe.root());
    if (options.printed(recipe, config, out)) {
      return Map.of();
    }
    try (LazyCluster cluster = new LazyCluster("instella pipeline", config, pipeline.ranks())) {
      PipelineRun run = new PipelineRun(pipeline, Storage.standard(), cluster);
      if (dryRun) {
        run.describe().forEach(out::println);
        return Map.of();
      }
      config.warnOfLocal(pipeline.folder());
      if (ApplicationMaster.isThis()) {
        cluster.get(); // YARN gives up a driver that does not start Spark soon
      }
      return run.run();
    }
  }
}
