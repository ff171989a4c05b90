package org.instella.conf.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HadoopConfigurationTest {
  private static final String PROPERTY =
      "<configuration><property><name>%s</name><value>%s</value></property></configuration>";

  @TempDir private Path folder;

  @Test
  void theFolderOfTheEnvironmentNamesTheDefaultFileSystem() throws IOException {
    Files.writeString(
        folder.resolve("core-site.xml"), PROPERTY.formatted("fs.defaultFS", "hdfs://cluster"));
    Files.writeString(
        folder.resolve("hdfs-site.xml"), PROPERTY.formatted("dfs.nameservices", "cluster"));
    var configuration = HadoopConfiguration.load(Map.of("HADOOP_CONF_DIR", folder.toString()));
    assertThat(configuration.get("fs.defaultFS")).isEqualTo("hdfs://cluster");
    assertThat(configuration.get("dfs.nameservices")).isEqualTo("cluster");
  }

  @Test
  void withoutTheVariableHadoopsOwnDefaultsHold() {
    assertThat(HadoopConfiguration.load(Map.of()).get("fs.defaultFS")).isEqualTo("file:///");
  }
}
