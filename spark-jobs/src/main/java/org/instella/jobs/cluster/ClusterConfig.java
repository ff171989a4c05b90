package org.instella.jobs.cluster;

import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.instella.conf.settings.Settings;
import org.instella.conf.storage.Location;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where a job is to run.
 *
 * @param master Spark's master URL; empty for embedded
 * @param properties Spark properties from the recipe's {@code spark} section, full names
 */
public record ClusterConfig(Optional<String> master, SortedMap<String, String> properties) {
  private static final Logger log = LoggerFactory.getLogger(ClusterConfig.class);

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

  /** Says so where other machines are about to write what only this one may see. */
  public void warnOfLocal(Location output) {
    String where =
        master.orElseGet(
            () ->
                properties.getOrDefault(
                    "spark.master", System.getProperty("spark.master", "local")));
    if (output.isLocal() && !where.startsWith("local")) {
      log.warn(
          "{} is a local path: with --master {} it must be one and the same folder on every node",
          output,
          where);
    }
  }

  public ClusterConfig withMaster(String url) {
    return new ClusterConfig(Optional.of(url), properties);
  }
}
