package org.instella.jobs.command;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.apache.spark.SparkConf;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.settings.Recipe;
import org.instella.conf.storage.Location;
import org.instella.jobs.JobError;
import org.instella.jobs.cluster.Cluster;
import org.instella.jobs.cluster.ClusterConfig;

/**
 * A recipe on its way to a driver that runs in the cluster and sees no file of the machine where
 * the command was given. It is resolved there, includes, {@code --set} and environment variables
 * too, and travels as a Spark property: every cluster manager hands those to the driver.
 */
final class ShippedRecipe {
  private static final String RECIPE = "spark.instella.recipe";

  /** What this process is told by properties of its own, and a driver in the cluster by Spark's. */
  private static final Map<String, String> FOLDERS =
      Map.of(
          "spark.instella.working-folder",
          Location.WORKING_FOLDER,
          "spark.instella.home",
          "instella.home");

  private ShippedRecipe() {}

  /**
   * What spark-submit has to be told: the recipe, the folder that its relative paths count from,
   * and its section {@code spark}, part of which must be known before the driver starts.
   *
   * @throws ConfigurationException if a property has several lines
   */
  static SortedMap<String, String> properties(Recipe recipe, ClusterConfig config) {
    SortedMap<String, String> properties = new TreeMap<>(config.properties());
    properties.remove("spark.master"); // the command line has it
    properties.forEach(
        (key, value) -> {
          if (value.contains("\n")) {
            throw new ConfigurationException(
                JobError.BAD_COMMAND_LINE,
                "%s has several lines; a driver in the cluster cannot be given those"
                    .formatted(key));
          }
        });
    properties.put(RECIPE, packed(recipe.toJson()));
    FOLDERS.forEach(
        (shipped, ours) ->
            properties.put(
                shipped, Path.of(System.getProperty(ours, "")).toAbsolutePath().toString()));
    // YARN's application master reads these before our driver could say so.
    SparkConf conf = Cluster.conf("instella", config, 1);
    for (String name : List.of(Cluster.MAX_FAILURES, Cluster.FAILURES_INTERVAL)) {
      properties.putIfAbsent(name, conf.get(name));
    }
    return properties;
  }

  /** The driver's half: from now on relative paths mean what they meant to whoever submitted. */
  static void takeFolders() {
    FOLDERS.forEach(
        (shipped, ours) -> {
          String folder = System.clearProperty(shipped);
          if (folder != null && System.getProperty(ours) == null) {
            System.setProperty(ours, folder);
          }
        });
  }

  /**
   * The driver's half: the recipe that came along, once. It leaves the system's properties, since
   * those become Spark's, which its pages and logs show.
   *
   * @param name what messages call it
   */
  static Optional<Recipe> take(String name) {
    return Optional.ofNullable(System.clearProperty(RECIPE))
        .map(text -> Recipe.parse(unpacked(text), name));
  }

  private static String packed(String text) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream out = new GZIPOutputStream(bytes)) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes.toByteArray());
  }

  private static String unpacked(String text) {
    try (var in =
        new GZIPInputStream(new ByteArrayInputStream(Base64.getUrlDecoder().decode(text)))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
