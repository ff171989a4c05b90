package org.instella.conf;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/**
 * The folder with real corpora, tokenizers, golden files and benchmark items. It is absent on a
 * user's machine, so a test that wants it skips itself with a message.
 */
public final class SharedData {
  private SharedData() {}

  /** The folder named by the system property {@code instella.shared}, default {@code ../shared}. */
  public static Path require() {
    Path shared = Path.of(System.getProperty("instella.shared", "../shared")).normalize();
    Assumptions.assumeTrue(
        Files.isDirectory(shared.resolve("data")),
        () -> "no shared data at " + shared + "; name it with -Dinstella.shared=FOLDER");
    return shared;
  }
}
