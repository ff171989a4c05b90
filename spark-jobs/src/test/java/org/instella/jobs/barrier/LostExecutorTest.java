package org.instella.jobs.barrier;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.instella.jobs.cluster.Cluster;
import org.instella.jobs.cluster.ClusterConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Real executor processes, one of which dies. */
class LostExecutorTest {
  @TempDir Path folder;

  @Test
  @Timeout(180)
  void aKilledExecutorIsReplacedAndAllRanksGoOnWithTheNextGeneration() {
    String shared = folder.toString();
    try (Cluster cluster = Cluster.open("kill", ClusterConfig.embedded(), 2)) {
      BarrierStage stage = new BarrierStage(cluster, "kill", 2, Restarts.atMost(3));
      CompletableFuture<List<String>> result =
          CompletableFuture.supplyAsync(
              () ->
                  stage.run(
                      rank -> {
                        Path mine =
                            Path.of(shared, "pid-" + rank.generation() + "-" + rank.index());
                        Files.writeString(mine, "" + ProcessHandle.current().pid());
                        if (rank.generation() == 0) {
                          Thread.sleep(100_000); // until this process or its peer is killed
                        }
                        return rank.generation() + ":" + rank.allGather("" + rank.index());
                      }));
      Path pid = folder.resolve("pid-0-1");
      Awaitility.await()
          .atMost(Duration.ofSeconds(120))
          .until(() -> result.isDone() || (Files.exists(pid) && Files.size(pid) > 0));
      long victim = Long.parseLong(readString(pid));
      assertThat(victim).isNotEqualTo(ProcessHandle.current().pid());
      ProcessHandle.of(victim).orElseThrow().destroyForcibly();
      assertThat(result.join()).containsExactly("1:[0, 1]", "1:[0, 1]");
    }
  }

  private static String readString(Path file) {
    try {
      return Files.readString(file);
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
