package org.instella.jobs.barrier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.error.EnvironmentException;
import org.instella.conf.error.ErrorCode;
import org.instella.jobs.cluster.Cluster;
import org.instella.jobs.cluster.ClusterConfig;
import org.instella.jobs.progress.ProgressChannel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BarrierStageTest {
  private static final CountDownLatch LOST_BEGAN = new CountDownLatch(1);
  private static final CountDownLatch LOST_BEGAN_AGAIN = new CountDownLatch(1);
  private static final CountDownLatch STEADY_BEGAN = new CountDownLatch(1);

  private static Cluster cluster;

  @TempDir Path folder;

  private enum TestError implements ErrorCode {
    WRONG
  }

  @BeforeAll
  static void start() {
    cluster = Cluster.open("test", ClusterConfig.embedded().withMaster("local[2]"), 1);
  }

  @AfterAll
  static void stop() {
    cluster.close();
  }

  @Test
  void ranksSeeEachOthersMessages() {
    List<String> seen =
        stage(2, 0)
            .run(rank -> rank.index() + "/" + rank.count() + rank.allGather("r" + rank.index()));
    assertThat(seen).containsExactly("0/2[r0, r1]", "1/2[r0, r1]");
  }

  @Test
  void manyRoundsKeepTheirOrder() {
    List<Boolean> inOrder =
        stage(2, 0)
            .run(
                rank -> {
                  for (int round = 0; round < 50; round++) {
                    rank.barrier();
                    String expected = "[%d of 0, %d of 1]".formatted(round, round);
                    if (!rank.allGather(round + " of " + rank.index())
                        .toString()
                        .equals(expected)) {
                      return false;
                    }
                  }
                  return true;
                });
    assertThat(inOrder).containsExactly(true, true);
  }

  /** As three seeds of a stage: one is lost and starts again, the other never notices. */
  @Test
  void stagesSideBySideStartAgainEachForItself() {
    CompletableFuture<List<Integer>> lost =
        CompletableFuture.supplyAsync(
            () ->
                stage(1, 2)
                    .run(
                        rank -> {
                          LOST_BEGAN.countDown();
                          require(STEADY_BEGAN);
                          if (rank.generation() == 0) {
                            throw new EnvironmentException(TestError.WRONG, "its disk is gone");
                          }
                          LOST_BEGAN_AGAIN.countDown();
                          return rank.generation();
                        }));
    List<Integer> steady =
        stage(1, 2)
            .run(
                rank -> {
                  STEADY_BEGAN.countDown();
                  require(LOST_BEGAN);
                  require(LOST_BEGAN_AGAIN);
                  return rank.generation();
                });
    assertThat(lost.join()).containsExactly(1);
    assertThat(steady).containsExactly(0);
  }

  private static void require(CountDownLatch other) throws InterruptedException {
    assertThat(other.await(30, TimeUnit.SECONDS)).as("the other stage runs beside").isTrue();
  }

  @Test
  void aRankThatNeverComesIsNamed() {
    String timeout = "spark.barrier.sync.timeout";
    String before = cluster.context().getConf().get(timeout);
    cluster.context().sc().conf().set(timeout, "2");
    try {
      assertThatThrownBy(
              () ->
                  stage(2, 0)
                      .run(
                          rank -> {
                            if (rank.index() == 1) {
                              Thread.sleep(20_000);
                            }
                            return rank.allGather("").size();
                          }))
          .isInstanceOf(EnvironmentException.class)
          .hasMessageContaining("ranks [1] did not come within 2 s");
    } finally {
      cluster.context().sc().conf().set(timeout, before);
    }
  }

  @Test
  void anEnvironmentFailureStartsAllRanksAgainWithTheNextGeneration() {
    List<Integer> generations =
        stage(2, 3)
            .run(
                rank -> {
                  if (rank.generation() < 2 && rank.index() == 1) {
                    throw new EnvironmentException(TestError.WRONG, "the network is gone");
                  }
                  return rank.generation();
                });
    assertThat(generations).containsExactly(2, 2);
  }

  @Test
  void restartsAreCountedAnewAfterProgress() throws Exception {
    Path progress = Files.writeString(folder.resolve("mark"), "0");
    Restarts restarts =
        Restarts.atMost(1)
            .withProgress(
                () -> {
                  try {
                    return Files.readString(progress);
                  } catch (java.io.IOException e) {
                    throw new java.io.UncheckedIOException(e);
                  }
                });
    String file = progress.toString();
    List<Integer> generations =
        new BarrierStage(cluster, "progressing", 1, restarts)
            .run(
                rank -> {
                  Files.writeString(Path.of(file), "" + rank.generation());
                  if (rank.generation() < 4) {
                    throw new EnvironmentException(TestError.WRONG, "lost again");
                  }
                  return rank.generation();
                });
    assertThat(generations).containsExactly(4);
  }

  @Test
  void aFailureThatWouldComeAgainEndsTheStageWithItsOwnMessage() {
    assertThatThrownBy(
            () ->
                stage(2, 5)
                    .run(
                        rank -> {
                          if (rank.index() == 1) {
                            throw new ConfigurationException(TestError.WRONG, "lr = 7: too much");
                          }
                          rank.barrier();
                          return 0;
                        }))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("lr = 7: too much")
        .satisfies(e -> assertThat(((ConfigurationException) e).code().name()).isEqualTo("WRONG"));
  }

  @Test
  void restartsAreBounded() {
    assertThatThrownBy(
            () ->
                stage(1, 2)
                    .run(
                        rank -> {
                          throw new java.io.IOException("disk gone");
                        }))
        .isInstanceOf(EnvironmentException.class)
        .hasMessageContaining("failed 3 times without progress")
        .hasMessageContaining("disk gone");
  }

  @Test
  void moreRanksThanSlotsAreRefusedAtOnceNamingTheMissingResource() {
    Instant start = Instant.now();
    assertThatThrownBy(() -> stage(5, 5).run(rank -> 0))
        .isInstanceOf(EnvironmentException.class)
        .hasMessageContaining("needs 5 slots")
        .hasMessageContaining("local[2] offers 2")
        .hasMessageContaining("lacks 3 executor core(s)");
    assertThat(Duration.between(start, Instant.now())).isLessThan(Duration.ofSeconds(10));
  }

  @Test
  void progressReachesTheDriver() throws Exception {
    var heard = new java.util.concurrent.LinkedBlockingQueue<Object>();
    try (var subscription = ProgressChannel.listen("steps", heard::add)) {
      stage(1, 0)
          .run(
              rank -> {
                ProgressChannel.send("steps", "step 7");
                return 0;
              });
      assertThat(heard.poll(5, java.util.concurrent.TimeUnit.SECONDS)).isEqualTo("step 7");
    }
  }

  private static BarrierStage stage(int ranks, int restarts) {
    return new BarrierStage(cluster, "stage", ranks, Restarts.atMost(restarts));
  }
}
