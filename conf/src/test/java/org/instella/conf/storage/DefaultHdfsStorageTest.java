package org.instella.conf.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The contract for {@code hdfs:///folder}: the file system that Hadoop's configuration names. */
class DefaultHdfsStorageTest extends StorageContract {
  @TempDir static Path base;
  private static MiniDFSCluster cluster;
  private static Configuration configuration;
  private Location folder;

  @BeforeAll
  static void startHdfs() throws IOException {
    configuration = new Configuration();
    configuration.set(MiniDFSCluster.HDFS_MINIDFS_BASEDIR, base.toString());
    System.setProperty("instella.cache", base.resolve("cache").toString());
    cluster = new MiniDFSCluster.Builder(configuration).numDataNodes(1).build();
    cluster.waitActive();
    configuration.set(FileSystem.FS_DEFAULT_NAME_KEY, cluster.getFileSystem().getUri().toString());
  }

  @AfterAll
  static void stopHdfs() {
    cluster.shutdown(true);
    System.clearProperty("instella.cache");
  }

  @BeforeEach
  void newFolder() {
    folder = Location.of("hdfs:///" + UUID.randomUUID());
    storage().makeFolder(folder);
  }

  @Override
  Storage storage() {
    return new HadoopStorage(configuration);
  }

  @Override
  Location folder() {
    return folder;
  }

  @Test
  void publishesRightBelowTheRootAndListsWhatIsThere() {
    Location published = Location.of("hdfs:///" + UUID.randomUUID());
    Location staging = storage().staging(published);
    storage().writeText(staging.resolve("manifest.json"), "first");
    storage().publish(staging, published);
    assertThat(storage().list(Location.of("hdfs:///")))
        .extracting(FileEntry::location)
        .contains(published);
    Location manifest = published.resolve("manifest.json");
    assertThat(storage().stat(manifest).location()).isEqualTo(manifest);
  }
}
