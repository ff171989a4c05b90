package org.instella.train.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JsonLinesTest {
  private static final Storage STORAGE = Storage.standard();
  @TempDir Path folder;

  private static void write(JsonLines lines, long... steps) {
    for (long step : steps) {
      lines.write(new TreeMap<>(Map.of("step", step, "loss", 1.5)));
    }
  }

  private static String lines(long... steps) {
    StringBuilder text = new StringBuilder();
    for (long step : steps) {
      text.append("{\"loss\":1.5,\"step\":%d}%n".formatted(step).replace("\r", ""));
    }
    return text.toString();
  }

  @Test
  void linesCanBeReadWhileTheRunGoesOn() {
    Location file = Location.of(folder.resolve("metrics.jsonl"));
    try (JsonLines lines = JsonLines.resume(STORAGE, file, 0)) {
      write(lines, 1, 2);
      assertThat(STORAGE.readText(file)).isEqualTo(lines(1, 2));
    }
  }

  @Test
  void stepsThatWillBeMadeAgainAreDropped() {
    Location file = Location.of(folder.resolve("metrics.jsonl"));
    try (JsonLines lines = JsonLines.resume(STORAGE, file, 0)) {
      write(lines, 1, 2, 3, 4);
    }
    try (JsonLines lines = JsonLines.resume(STORAGE, file, 2)) {
      write(lines, 3);
    }
    assertThat(STORAGE.readText(file)).isEqualTo(lines(1, 2, 3));
  }

  @Test
  void aLineThatACrashCutShortIsDropped() {
    Location file = Location.of(folder.resolve("metrics.jsonl"));
    STORAGE.writeText(file, lines(1, 2) + "{\"loss\":1.5,\"st");
    JsonLines.resume(STORAGE, file, 9).close();
    assertThat(STORAGE.readText(file)).isEqualTo(lines(1, 2));
  }

  @Test
  void aCrashBetweenOldAndNewFileLosesNothing() {
    Location file = Location.of(folder.resolve("metrics.jsonl"));
    STORAGE.writeText(Location.of(folder.resolve("metrics.jsonl.next")), lines(1, 2));
    JsonLines.resume(STORAGE, file, 9).close();
    assertThat(STORAGE.readText(file)).isEqualTo(lines(1, 2));
  }
}
