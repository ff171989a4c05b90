package org.instella.jobs.command;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.instella.conf.settings.Recipe;
import org.instella.conf.settings.Settings;
import org.instella.conf.storage.HadoopSettings;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.jobs.cluster.ClusterConfig;
import picocli.CommandLine.Option;

/** Options that every command with a recipe has. */
final class RecipeOptions {
  @Option(
      names = "--conf",
      paramLabel = "FILE",
      description = "Recipe in HOCON; local, hdfs:// or s3a://.")
  private Location conf;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Overrides one key of the recipe; may be given often.")
  private List<String> sets = new ArrayList<>();

  @Option(
      names = "--master",
      paramLabel = "URL",
      description =
          "Where Spark runs: local[N], local-cluster[N,CORES,MB], spark://…, yarn, k8s://…"
              + " Without it: embedded.")
  private String master;

  @Option(names = "--print-conf", description = "Print the resolved recipe and end.")
  private boolean printConf;

  @Option(
      names = "--ship",
      hidden = true,
      description = "Print what a driver in the cluster must be given, and end; for the launcher.")
  private boolean ship;

  @Option(names = "--debug", description = "Print the stack trace of a failure.")
  private boolean debug;

  private boolean shipped;

  /**
   * Prints the recipe where that was asked for; then there is nothing else to do.
   *
   * @return whether it was asked for
   */
  boolean printed(Recipe recipe, ClusterConfig cluster, PrintWriter out) {
    if (ship) {
      ShippedRecipe.properties(recipe, cluster)
          .forEach((key, value) -> out.println(key + "=" + value));
    } else if (printConf) {
      out.print(recipe.render());
    }
    out.flush();
    return ship || printConf;
  }

  /**
   * The recipe with its overrides.
   *
   * @param more overrides that stand for options of the command; {@code --set} comes after them
   */
  Recipe recipe(List<String> more) {
    return recipe(Optional.ofNullable(conf), more);
  }

  /** The same with another recipe where {@code --conf} is not given. */
  Recipe recipe(Optional<Location> file, List<String> more) {
    Optional<Recipe> arrived = ShippedRecipe.take(conf == null ? "the recipe" : conf.name());
    shipped = arrived.isPresent();
    if (shipped) {
      return arrived.get(); // with the overrides, which were known where it was read
    }
    List<String> all = new ArrayList<>(more);
    all.addAll(sets);
    Recipe recipe =
        Optional.ofNullable(conf)
            .or(() -> file)
            .map(location -> Recipe.load(Storage.standard(), location, all))
            .orElseGet(() -> Recipe.ofSets(all));
    // From here on files are read and written, before there is a Spark that would say so.
    HadoopSettings.addFromSpark(cluster(recipe.root()).properties());
    return recipe;
  }

  /** The installation where executors are to run: in the image of pods, else as here. */
  String executorHome() {
    return master != null && master.startsWith("k8s:")
        ? "/opt/instella"
        : System.getProperty("instella.home", ".");
  }

  /** Where Spark is to run, by {@code --master} and the recipe's section {@code spark}. */
  ClusterConfig cluster(Settings root) {
    if (shipped) { // the section has become spark-submit's, which may know better
      root.ignoring("spark");
      return new ClusterConfig(Optional.ofNullable(master), new TreeMap<>());
    }
    return ClusterConfig.from(Optional.ofNullable(master), root);
  }
}
