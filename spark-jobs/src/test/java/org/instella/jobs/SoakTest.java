package org.instella.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.instella.conf.manifest.Digests;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.jobs.command.CommandProcess;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Minutes of training with a fault every 30 seconds, through the command as a user calls it: ranks
 * are killed, frozen, and killed while they write a checkpoint ({@code train --chaos}); every fifth
 * fault is a SIGKILL of the driver, after which the same command is given again. The quiet run's
 * bytes are expected.
 *
 * <p>{@code mvn -B verify -Psoak -pl spark-jobs -am}; {@code -Dinstella.soak.steps=N} for another
 * length, {@code -Dinstella.soak.report=FILE} for a page of results. With {@code
 * -Dinstella.soak.folder=FOLDER} everything stays there, and the run in peace can be made before,
 * by the same command with {@code -Dinstella.soak.quiet-only=true}: it is finished already then.
 */
@Tag("soak")
class SoakTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int STEPS = Integer.getInteger("instella.soak.steps", 8000);
  private static final int SECONDS_BETWEEN_FAULTS = 30;
  private static final int FAULTS_PER_DRIVER = 4;

  private static final String RECIPE =
      """
      train {
        ranks = 2
        seed = 5796
        sequence-length = 128
        global-batch = 8
        micro-batch = 1
        duration = %d steps
        model {
          layers = 2, hidden-size = 64, heads = 2, feed-forward-size = 96
          vocabulary-size = 400, max-positions = 128
        }
        data.sources = [{ path = "%s" }]
        optimizer { learning-rate = 1e-2, clip-norm = 1.0 }
        checkpoint { every = 50 steps, keep = 2 }
        group.silence-timeout = 5s
        %s
      }
      """;
  private static final String CHAOS =
      "chaos { every = %ds, kinds = [kill, stop, kill-while-saving, kill], seed = 6198 }"
          .formatted(SECONDS_BETWEEN_FAULTS);

  @TempDir Path temporary;

  private Path folder;

  private final List<SoakReport.Healed> healed = new ArrayList<>();

  @Test
  void aFaultEveryHalfMinuteCostsTimeAndNotABit() throws Exception {
    String kept = System.getProperty("instella.soak.folder", "");
    folder = kept.isEmpty() ? temporary : Files.createDirectories(Path.of(kept));
    if (!Files.exists(folder.resolve("tokens"))) {
      TokenFolder.make(folder);
    }
    final long quietStart = System.nanoTime();
    assertThat(train("quiet", "").await(1800)).as("quiet run").isZero();
    final double quietSeconds = (System.nanoTime() - quietStart) / 1e9;
    if (Boolean.getBoolean("instella.soak.quiet-only")) {
      return;
    }

    final long start = System.nanoTime();
    int drivers = 1;
    CommandProcess driver = train("injured", CHAOS, "--chaos");
    while (!driver.endsWithin(nextDriverKill(start, drivers))) {
      final long attempts = attempts();
      final long killed = System.nanoTime();
      driver.kill();
      driver = train("injured", CHAOS, "--chaos");
      drivers++;
      long furthest = furthestStepBefore(attempts, driver);
      awaitStepAfter(driver, furthest);
      healed.add(
          new SoakReport.Healed(
              "driver-kill", (System.nanoTime() - killed) / 1e9, furthest, stepsAgain(furthest)));
    }
    assertThat(driver.await(60)).as("injured run, driver %d: %s", drivers, driver.tail()).isZero();
    final double seconds = (System.nanoTime() - start) / 1e9;

    healed.addAll(SoakReport.readChaos(folder.resolve("injured/chaos.jsonl")));
    String quiet = weights("quiet");
    String injured = weights("injured");
    SoakReport report =
        new SoakReport(STEPS, quietSeconds, seconds, drivers, healed, quiet, injured);
    System.out.println(report.text());
    String page = System.getProperty("instella.soak.report", "");
    if (!page.isEmpty()) {
      Files.writeString(Path.of(page), report.text());
    }
    assertThat(injured).as("sha256 of the weights").isEqualTo(quiet);
    assertThat(healed).as("faults that were injected and healed").hasSizeGreaterThan(1);
    assertThat(steps("injured")).as("every step once in the metrics").isEqualTo(STEPS);
  }

  /** Seconds until this driver's turn comes: after four faults of its ranks. */
  private static long nextDriverKill(long start, int drivers) {
    long at = (long) drivers * (FAULTS_PER_DRIVER + 1) * SECONDS_BETWEEN_FAULTS;
    return Math.max(1, at - TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start));
  }

  private CommandProcess train(String output, String chaos, String... more) throws IOException {
    Path recipe = folder.resolve(output + ".conf");
    Files.writeString(recipe, RECIPE.formatted(STEPS, folder.resolve("tokens/stories"), chaos));
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "train",
                "--conf",
                recipe.toString(),
                "--output",
                folder.resolve(output).toString()));
    arguments.addAll(List.of(more));
    return CommandProcess.launch(folder.resolve(output + ".log"), arguments);
  }

  private void awaitStepAfter(CommandProcess driver, long step) throws Exception {
    while (furthestStep() <= step) {
      assertThat(driver.isAlive()).as("restarted driver: %s", driver.tail()).isTrue();
      TimeUnit.MILLISECONDS.sleep(50);
    }
  }

  /** The last step of the killed driver's ranks, which live a moment longer than it does. */
  private long furthestStepBefore(long attempts, CommandProcess driver) throws Exception {
    long furthest = furthestStep();
    while (attempts() <= attempts) {
      assertThat(driver.isAlive()).as("restarted driver: %s", driver.tail()).isTrue();
      TimeUnit.MILLISECONDS.sleep(20);
      furthest = Math.max(furthest, furthestStep());
    }
    return furthest;
  }

  /** First steps of all attempts so far, as the driver printed them. */
  private List<Long> firstSteps() throws IOException {
    try (Stream<String> lines = Files.lines(folder.resolve("injured.log"))) {
      return lines
          .filter(line -> line.contains(": steps "))
          .map(line -> Long.valueOf(line.replaceFirst(".*: steps (\\d+) to .*", "$1")))
          .toList();
    }
  }

  private long attempts() throws IOException {
    return firstSteps().size();
  }

  /** Steps between the checkpoint that the newest attempt began with and the kill. */
  private long stepsAgain(long furthest) throws IOException {
    List<Long> first = firstSteps();
    return Math.max(0, furthest - first.get(first.size() - 1) + 1);
  }

  private long furthestStep() throws IOException {
    Path metrics = folder.resolve("injured/metrics.jsonl");
    if (!Files.exists(metrics)) {
      return 0; // between two files
    }
    try (Stream<String> lines = Files.lines(metrics)) {
      return lines.mapToLong(SoakTest::stepOf).max().orElse(0);
    } catch (java.io.UncheckedIOException replaced) {
      return 0;
    }
  }

  private static long stepOf(String line) {
    try {
      JsonNode json = JSON.readTree(line);
      return json == null ? 0 : json.path("step").asLong();
    } catch (IOException cutShort) {
      return 0;
    }
  }

  private long steps(String run) throws IOException {
    try (Stream<String> lines = Files.lines(folder.resolve(run).resolve("metrics.jsonl"))) {
      return lines.count();
    }
  }

  private String weights(String run) {
    return Digests.sha256(
        Storage.standard(), Location.of(folder.resolve(run).resolve("model/model.safetensors")));
  }
}
