package org.instella.jobs.kubernetes;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * The files by which bin/cards knows AMD's cards, without a card: a processor, and the two cards of
 * a node, of which a container may have been given both devices or one.
 *
 * @param folder gets them
 */
record MadeUpCards(Path folder) {

  static MadeUpCards make(Path folder, String... devices) throws IOException {
    node(folder, 0, 0, 0);
    node(folder, 1, 1216, 128);
    node(folder, 2, 1216, 136);
    Files.createDirectories(folder.resolve("dri"));
    for (String device : List.of(devices)) {
      Files.createFile(folder.resolve("dri").resolve(device));
    }
    return new MadeUpCards(folder);
  }

  private static void node(Path folder, int number, int units, int minor) throws IOException {
    Path node = Files.createDirectories(folder.resolve("nodes").resolve("" + number));
    Files.writeString(
        node.resolve("properties"),
        "cpu_cores_count %d\nsimd_count %d\ndrm_render_minor %d\n"
            .formatted(units == 0 ? 64 : 0, units, minor));
  }

  /** What tells bin/cards to look there. */
  Map<String, String> environment() {
    return Map.of(
        "CARDS_TOPOLOGY", folder.resolve("nodes").toString(),
        "CARDS_DEVICES", folder.resolve("dri").toString());
  }
}
