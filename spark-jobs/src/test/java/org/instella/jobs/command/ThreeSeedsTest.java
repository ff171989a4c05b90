package org.instella.jobs.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.jobs.command.Workspace.Called;
import org.instella.train.journal.JournalEntry;
import org.instella.train.journal.RunJournal;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Seeds of one stage as steps of a pipeline: side by side where there are slots. */
class ThreeSeedsTest {
  private static final List<String> SEEDS = List.of("5796", "6198", "8915");
  @TempDir static Path folder;
  private static Workspace workspace;

  @BeforeAll
  static void makeTokens() {
    workspace = Workspace.make(folder);
  }

  /** A recipe with a step for each seed; the last one may start from a folder that is not there. */
  private static Path recipe(boolean lastFails) {
    String stage = Workspace.TRAIN.formatted(folder).strip();
    stage = stage.substring("train {".length(), stage.length() - 1);
    StringBuilder steps = new StringBuilder("pipeline.steps {\n");
    for (String seed : SEEDS) {
      boolean fails = lastFails && seed.equals("8915");
      steps.append("seed-%s.train {%s%nseed = %s, duration = 40%n".formatted(seed, stage, seed));
      steps.append(
          fails
              ? "model = null, start { from = model, path = \"%s/none\" }\n".formatted(folder)
              : "");
      steps.append("}\n");
    }
    return workspace.write("seeds-%s.conf".formatted(lastFails), steps.append("}\n").toString());
  }

  private static Called run(boolean lastFails, String output, String master) {
    return Workspace.call(
        "pipeline",
        "--conf",
        recipe(lastFails).toString(),
        "--output",
        workspace.name(output),
        "--master",
        master);
  }

  /** From the first attempt of each seed to its end, in milliseconds. */
  private static List<long[]> spans(String output) {
    List<long[]> spans = new ArrayList<>();
    for (String seed : SEEDS) {
      List<JournalEntry> journal =
          RunJournal.read(
              Storage.standard(), Location.of(workspace.path(output)).resolve("seed-" + seed));
      long begin = 0;
      for (JournalEntry entry : journal) {
        begin = entry.kind() == JournalEntry.Kind.ATTEMPT ? entry.millis() : begin;
      }
      spans.add(new long[] {begin, journal.get(journal.size() - 1).millis()});
    }
    return spans;
  }

  private static long overlaps(List<long[]> spans) {
    long found = 0;
    for (int i = 0; i < spans.size(); i++) {
      for (int j = 0; j < i; j++) {
        boolean apart = spans.get(i)[1] <= spans.get(j)[0] || spans.get(j)[1] <= spans.get(i)[0];
        found += apart ? 0 : 1;
      }
    }
    return found;
  }

  @Test
  void seedsRunOneAfterTheOtherWhereThereIsOneSlotAndSideBySideWhereThereAreThree()
      throws Exception {
    assertThat(run(false, "one-slot", "local[1]").code()).isZero();
    assertThat(overlaps(spans("one-slot"))).isZero();
    assertThat(run(false, "three-slots", "local[3]").code()).isZero();
    assertThat(overlaps(spans("three-slots"))).isPositive();
    for (String seed : SEEDS) {
      String weights = "seed-%s/model/model.safetensors".formatted(seed);
      assertThat(Files.readAllBytes(workspace.path("three-slots/" + weights)))
          .as("seed %s", seed)
          .isEqualTo(Files.readAllBytes(workspace.path("one-slot/" + weights)));
    }
  }

  @Test
  void aSeedThatFailsDoesNotStopTheOthers() {
    Called called = run(true, "failing", "local[3]");
    assertThat(called.code()).isEqualTo(3);
    assertThat(called.err()).contains("seed-8915");
    for (String seed : SEEDS.subList(0, 2)) {
      assertThat(workspace.path("failing/seed-%s/model/model.safetensors".formatted(seed)))
          .exists();
    }
  }
}
