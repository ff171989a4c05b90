package org.instella.conf.storage;

import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;

/**
 * What Hadoop's client is told in this process: its own files ({@code core-site.xml} on the class
 * path) and, stronger, what was added here. Spark's properties {@code spark.hadoop.NAME} arrive
 * here on the driver and on every executor, so that an object store's address and keys mean the
 * same to Spark and to us.
 */
public final class HadoopSettings {
  private static final Map<String, String> ADDED = new TreeMap<>();

  /** Made when first asked for: local work never pays for it. */
  private static Configuration configuration;

  private HadoopSettings() {}

  /**
   * Adds settings. File systems that are open already keep theirs.
   *
   * @param settings Hadoop's names, such as {@code fs.s3a.endpoint}
   */
  public static synchronized void add(Map<String, String> settings) {
    if (!settings.isEmpty()) {
      ADDED.putAll(settings);
      configuration = null;
    }
  }

  static synchronized Configuration configuration() {
    if (configuration == null) {
      configuration = new Configuration();
      ADDED.forEach(configuration::set);
    }
    return configuration;
  }
}
