package org.instella.conf.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.instella.conf.error.DataException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LocationTest {

  @Test
  void readsLocalPathsAndUris() {
    assertThat(Location.of("/data/x/../y/").uri()).isEqualTo("/data/y");
    assertThat(Location.of("file:/data/y").uri()).isEqualTo("/data/y");
    assertThat(Location.of("hdfs://host:8020/data/").uri()).isEqualTo("hdfs://host:8020/data");
    assertThat(Location.of("relative/x").toLocalPath()).isAbsolute();
    assertThat(Location.of("s3a://bucket/x").scheme()).isEqualTo("s3a");
    assertThat(Location.of("/x").isLocal()).isTrue();
  }

  @Test
  void relativePathsCountFromTheFolderThatExecutorsAreTold() {
    System.setProperty(Location.WORKING_FOLDER, "/the/drivers/folder");
    try {
      assertThat(Location.of("../data/x").uri()).isEqualTo("/the/drivers/data/x");
      assertThat(Location.of("/data/x").uri()).isEqualTo("/data/x");
    } finally {
      System.clearProperty(Location.WORKING_FOLDER);
    }
  }

  @Test
  void knowsNameAndParent() {
    assertThat(Location.of("hdfs://host/a/b").parent().uri()).isEqualTo("hdfs://host/a");
    assertThat(Location.of("hdfs://host/a/b").name()).isEqualTo("b");
    assertThat(Location.of("/a").parent().uri()).isEqualTo("/");
    assertThat(Location.of("hdfs://host").parent().uri()).isEqualTo("hdfs://host");
    assertThat(Location.of("hdfs:///a").parent().uri()).isEqualTo("hdfs:///");
    assertThat(Location.of("hdfs:///a").parent().resolve("b").uri()).isEqualTo("hdfs:///b");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"../x", "a/../../x", "/etc/passwd", "", "a//b", "./a", "file:///x", "a\0b"})
  void refusesNamesThatLeaveTheFolder(String name) {
    assertThatThrownBy(() -> Location.of("/data").resolve(name))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("does not name a file inside /data");
  }
}
