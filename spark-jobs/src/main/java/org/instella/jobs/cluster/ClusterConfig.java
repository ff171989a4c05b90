package org.instella.jobs.cluster;

import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

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

  /** Embedded, with nothing said about Spark. */
  public static ClusterConfig embedded() {
    return new ClusterConfig(Optional.empty(), new TreeMap<>());
  }

  public ClusterConfig withMaster(String url) {
    return new ClusterConfig(Optional.of(url), properties);
  }
}
