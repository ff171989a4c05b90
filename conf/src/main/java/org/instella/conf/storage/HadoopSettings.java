package org.instella.conf.storage;

import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What Hadoop's client is told in this process beside its own files ({@code core-site.xml} on the
 * class path), and stronger than them. Spark's properties {@code spark.hadoop.NAME} arrive here on
 * the driver and on every executor, so that an object store's address and keys mean the same to
 * Spark and to us.
 */
public final class HadoopSettings {
  /** Of Spark's properties that are Hadoop's settings. */
  public static final String SPARK_PREFIX = "spark.hadoop.";

  private static volatile SortedMap<String, String> added = new TreeMap<>();

  private HadoopSettings() {}

  /**
   * Adds settings. File systems that are open already keep theirs.
   *
   * @param settings Hadoop's names, such as {@code fs.s3a.endpoint}
   */
  public static synchronized void add(Map<String, String> settings) {
    if (!settings.isEmpty()) {
      SortedMap<String, String> all = new TreeMap<>(added);
      all.putAll(settings);
      added = all;
    }
  }

  /** Adds those of some properties that are for Hadoop; others are left alone. */
  public static void addFromSpark(Map<String, String> properties) {
    SortedMap<String, String> settings = new TreeMap<>();
    properties.forEach(
        (name, value) -> {
          if (name.startsWith(SPARK_PREFIX)) {
            settings.put(name.substring(SPARK_PREFIX.length()), value);
          }
        });
    add(settings);
  }

  /** All that were added; another map after every change. */
  static SortedMap<String, String> added() {
    return added;
  }
}
