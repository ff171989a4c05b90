package org.instella.conf.storage;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.security.UserGroupInformation;

/**
 * Hadoop's settings. spark-submit and YARN put them on the class path; a command that runs embedded
 * finds them in the folder that {@code HADOOP_CONF_DIR} names.
 */
final class HadoopConfiguration {
  private static final String VARIABLE = "HADOOP_CONF_DIR";
  private static final String CORE = "core-site.xml";
  private static final List<String> FILES = List.of(CORE, "hdfs-site.xml");

  private HadoopConfiguration() {}

  /** The settings of the class path, or else of the folder in {@code environment}. */
  static Configuration load(Map<String, String> environment) {
    Configuration configuration = new Configuration();
    String folder = environment.getOrDefault(VARIABLE, "");
    if (folder.isEmpty() || configuration.getResource(CORE) != null) {
      return configuration;
    }
    for (String name : FILES) {
      Path file = Path.of(folder, name);
      if (Files.isReadable(file)) {
        configuration.addResource(new org.apache.hadoop.fs.Path(file.toUri()));
      }
    }
    UserGroupInformation.setConfiguration(configuration); // how users prove who they are
    return configuration;
  }
}
