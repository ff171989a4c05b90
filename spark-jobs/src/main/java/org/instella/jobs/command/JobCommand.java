package org.instella.jobs.command;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.instella.conf.settings.Recipe;
import org.instella.conf.settings.Settings;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.jobs.Job;
import org.instella.jobs.JobContext;
import org.instella.jobs.JobKind;
import org.instella.jobs.JobResult;
import org.instella.jobs.Section;
import org.instella.jobs.cluster.ClusterConfig;
import org.instella.jobs.cluster.LazyCluster;
import org.instella.jobs.progress.RunClock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * A command that is one job: its options become settings of the job's section, so that the resolved
 * recipe says everything that was asked for.
 */
abstract class JobCommand implements Callable<Integer> {
  private static final Logger log = LoggerFactory.getLogger(JobCommand.class);

  @Mixin RecipeOptions options;

  @Option(
      names = "--output",
      paramLabel = "FOLDER",
      description = "Where the result goes; overrides the key output.")
  Location output;

  @Spec CommandSpec spec;

  abstract JobKind kind();

  /** Options of the command as {@code key=value} of its section, without the section's name. */
  List<String> settings() {
    return List.of();
  }

  /**
   * Says what the job would do, where that was asked for; then it is not done and needs no output.
   *
   * @return whether it was asked for
   */
  boolean foretell(Job job, Storage storage) {
    return false;
  }

  /** Whether the job has to be told where its result goes. */
  boolean needsOutput() {
    return true;
  }

  /** What else to do with the result. */
  void finished(Storage storage, JobResult result) {}

  @Override
  public final Integer call() {
    AheadOfRecipe.await();
    String section = kind().text();
    List<String> sets = new ArrayList<>();
    settings().forEach(setting -> sets.add(section + "." + setting));
    Recipe recipe = options.recipe(sets);
    Settings root =
        recipe.root().ignoring(JobKind.names().toArray(String[]::new)).ignoring("pipeline");
    ClusterConfig cluster = options.cluster(root);
    Settings settings = root.section(section, "what the command does");
    Optional<Location> place =
        Optional.ofNullable(output)
            .or(
                () ->
                    settings.text("output", "where the result goes").optional().map(Location::of));
    if (output != null) {
      settings.ignoring("output");
    }
    if (place.isEmpty() && needsOutput()) {
      settings.problem("output", "missing; it, or --output, says where the result goes");
    }
    Job job = kind().read(settings, Section.of(recipe, section));
    root.finish();
    if (options.printed(recipe, cluster, spec.commandLine().getOut())) {
      return 0;
    }
    if (!foretell(job, Storage.standard())) {
      run(job, cluster, place.orElseThrow());
    }
    return 0;
  }

  private void run(Job job, ClusterConfig config, Location place) {
    Storage storage = Storage.standard();
    String name = kind().text();
    long start = System.nanoTime();
    config.warnOfLocal(place);
    try (LazyCluster cluster = new LazyCluster("instella " + name, config, job.ranks())) {
      if (ApplicationMaster.isThis()) {
        cluster.get(); // YARN gives up a driver that does not start Spark soon
      }
      JobResult result = job.run(new JobContext(name, storage, cluster, place));
      log.info(
          "{} done in {}: {} ({})",
          name,
          RunClock.text((System.nanoTime() - start) / 1e9),
          result.summary(),
          result.artefact());
      finished(storage, result);
    }
  }
}
