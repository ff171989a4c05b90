package org.instella.jobs.cluster;

import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.instella.conf.settings.Settings;

/**
 * Where a job is to run.
 *
 * @param master Spark's master URL; empty for embedded
 * @param properties Spark properties from the recipe's {@code spark} section, full names
 */
public record ClusterConfig(Optional<String> master, SortedMap<String, String> properties) {

  public ClusterConfig {
    properties = Collections.unmodifiableSortedMap(new TreeMap<>(properties));
  }

  /**
   * Reads the section {@code spark}: {@code executor.memory = 8g} is {@code spark.executor.memory}.
   */
  public static ClusterConfig from(Optional<String> master, Settings root) {
    SortedMap<String, String> properties = new TreeMap<>();
    root.optionalSection("spark", "Spark properties")
        .ifPresent(
            spark -> spark.raw().forEach((key, value) -> properties.put("spark." + key, value)));
    return new ClusterConfig(master, properties);
  }

  /** Embedded, with nothing said about Spark. */
  public static ClusterConfig embedded() {
    return new ClusterConfig(Optional.empty(), new TreeMap<>());
  }

  public ClusterConfig withMaster(String url) {
    return new ClusterConfig(Optional.of(url), properties);
  }
}
