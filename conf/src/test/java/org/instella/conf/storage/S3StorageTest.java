package org.instella.conf.storage;

import java.io.IOException;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** The contract through Hadoop's s3a client. */
class S3StorageTest extends StorageContract {
  @TempDir static Path cache;
  private static S3Server server;
  private Location folder;

  @BeforeAll
  static void startStore() throws IOException {
    server = S3Server.start();
    HadoopSettings.add(server.settings());
    System.setProperty("instella.cache", cache.toString());
  }

  @AfterAll
  static void stopStore() {
    System.clearProperty("instella.cache");
    server.close();
  }

  @BeforeEach
  void newFolder() {
    folder = Location.of("s3a://contract/" + UUID.randomUUID());
  }

  @Override
  Location folder() {
    return folder;
  }
}
