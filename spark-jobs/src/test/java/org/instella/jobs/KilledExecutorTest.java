package org.instella.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.instella.conf.settings.Recipe;
import org.instella.conf.settings.Settings;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.jobs.cluster.ClusterConfig;
import org.instella.jobs.cluster.LazyCluster;
import org.instella.jobs.demo.DemoCorpusJob;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The promise of the house: an executor is killed, and the run ends with the quiet run's bytes. */
class KilledExecutorTest {
  private static final String RECIPE =
      """
      train {
        ranks = 2
        seed = 5796
        sequence-length = 64
        global-batch = 8
        micro-batch = 1
        duration = 160 steps
        model {
          layers = 1, hidden-size = 32, heads = 2, feed-forward-size = 48
          vocabulary-size = 400, max-positions = 64
        }
        data.sources = [{ path = "%s" }]
        optimizer { learning-rate = 1e-2, clip-norm = 1.0 }
        checkpoint { every = 10 steps, keep = 2 }
      }
      """;

  @TempDir Path folder;

  @Test
  @Timeout(value = 420, unit = TimeUnit.SECONDS)
  void aKilledExecutorCostsTimeAndNotABit() throws Exception {
    try (LazyCluster local =
        new LazyCluster("quiet", ClusterConfig.embedded().withMaster("local[2]"), 2)) {
      makeTokens(local);
      train(local, "quiet");
    }
    try (LazyCluster processes = new LazyCluster("killed", ClusterConfig.embedded(), 2)) {
      CompletableFuture<Void> run = CompletableFuture.runAsync(() -> train(processes, "killed"));
      Awaitility.await()
          .atMost(Duration.ofSeconds(180))
          .pollInterval(Duration.ofMillis(20))
          .until(() -> run.isDone() || hasCheckpoint("killed"));
      List<ProcessHandle> executors = executors();
      assertThat(executors).as("executor processes").hasSize(2);
      executors.get(1).destroyForcibly();
      run.join();
    }
    assertThat(Files.readString(folder.resolve("killed/metrics.jsonl")).lines().count())
        .as("every step once in the metrics")
        .isEqualTo(160);
    assertThat(Files.readAllBytes(folder.resolve("killed/model/model.safetensors")))
        .isEqualTo(Files.readAllBytes(folder.resolve("quiet/model/model.safetensors")));
  }

  private void makeTokens(LazyCluster cluster) {
    run(cluster, new DemoCorpusJob(DemoCorpusJob.Size.SMALL, 7), "corpus");
    String recipe =
        """
        train-tokenizer { vocabulary-size = 400, folders = ["%1$s/corpus/train"] }
        tokenize { tokenizer = "%1$s/tokenizer", folders = ["%1$s/corpus/train"] }
        """
            .formatted(folder);
    Settings root = Recipe.parse(recipe, "test").root();
    run(cluster, TrainTokenizerJob.from(root.section("train-tokenizer", "")), "tokenizer");
    run(cluster, TokenizeJob.from(root.section("tokenize", "")), "tokens");
  }

  private void train(LazyCluster cluster, String output) {
    Recipe recipe = Recipe.parse(RECIPE.formatted(folder.resolve("tokens/stories")), "test");
    Section section = Section.of(recipe, "train");
    run(cluster, TrainJob.from(section.open(), section), output);
  }

  private void run(LazyCluster cluster, Job job, String output) {
    Location place = Location.of(folder).resolve(output);
    job.run(new JobContext(output, Storage.standard(), cluster, place));
  }

  private boolean hasCheckpoint(String run) {
    return Files.exists(folder.resolve(run).resolve("step-0000010/manifest.json"));
  }

  private static List<ProcessHandle> executors() {
    return ProcessHandle.current()
        .descendants()
        .filter(
            process ->
                process.info().commandLine().orElse("").contains("CoarseGrainedExecutorBackend"))
        .toList();
  }
}
