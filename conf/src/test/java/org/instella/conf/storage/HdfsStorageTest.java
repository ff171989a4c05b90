package org.instella.conf.storage;

import java.io.IOException;
import java.nio.file.Path;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** The contract on a real name node and data node. */
class HdfsStorageTest extends StorageContract {
  @TempDir static Path base;
  private static MiniDFSCluster cluster;
  private Location folder;

  @BeforeAll
  static void startHdfs() throws IOException {
    Configuration configuration = new Configuration();
    configuration.set(MiniDFSCluster.HDFS_MINIDFS_BASEDIR, base.toString());
    System.setProperty("instella.cache", base.resolve("cache").toString());
    cluster = new MiniDFSCluster.Builder(configuration).numDataNodes(1).build();
    cluster.waitActive();
  }

  @AfterAll
  static void stopHdfs() {
    cluster.shutdown(true);
    System.clearProperty("instella.cache");
  }

  @BeforeEach
  void newFolder() throws IOException {
    folder = Location.of(cluster.getFileSystem().getUri() + "/" + UUID.randomUUID());
    Storage.standard().makeFolder(folder);
  }

  @Override
  Location folder() {
    return folder;
  }
}
