package org.instella.jobs.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code bin/cards}, Spark's discovery script. */
class CardsScriptTest {
  @TempDir private Path folder;

  @Test
  void countsTheCardsWhoseDevicesAreThere() throws Exception {
    assertThat(cards("renderD128", "renderD136"))
        .isEqualTo("{\"name\": \"gpu\", \"addresses\": [\"0\", \"1\"]}\n");
  }

  @Test
  void aContainerHasThoseItWasGiven() throws Exception {
    assertThat(cards("renderD136")).isEqualTo("{\"name\": \"gpu\", \"addresses\": [\"0\"]}\n");
  }

  @Test
  void withoutAnyTheListIsEmpty() throws Exception {
    assertThat(cards()).isEqualTo("{\"name\": \"gpu\", \"addresses\": []}\n");
  }

  @Test
  void withoutAmdsItAsksNvidias() throws Exception {
    Path tool = Files.createDirectories(folder.resolve("bin")).resolve("nvidia-smi");
    Files.writeString(tool, "#!/bin/sh\nprintf '0\\n1\\n2\\n'\n");
    Files.setPosixFilePermissions(tool, PosixFilePermissions.fromString("rwxr-xr-x"));
    assertThat(cards()).isEqualTo("{\"name\": \"gpu\", \"addresses\": [\"0\", \"1\", \"2\"]}\n");
  }

  private String cards(String... devices) throws IOException, InterruptedException {
    Map<String, String> tree = MadeUpCards.make(folder.resolve("tree"), devices).environment();
    ProcessBuilder builder =
        new ProcessBuilder(
            "sh", Path.of(System.getProperty("instella.home"), "bin", "cards").toString());
    builder.environment().putAll(tree);
    builder.environment().put("PATH", folder.resolve("bin") + ":/usr/bin:/bin");
    Process process = builder.start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).isZero();
    return said;
  }
}
