package org.instella.jobs.barrier;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.instella.conf.error.EnvironmentException;
import org.instella.jobs.cluster.Cluster;
import org.instella.jobs.cluster.ClusterConfig;
import org.junit.jupiter.api.Test;

class EndedApplicationTest {
  private static final CountDownLatch BEGAN = new CountDownLatch(1);

  /** As {@code yarn application -kill} does it: under a stage that runs. */
  @Test
  void thatTheClusterEndsTheApplicationIsNoMistakeOfOurs() throws Exception {
    Cluster cluster = Cluster.open("test", ClusterConfig.embedded().withMaster("local[1]"), 1);
    Thread end =
        new Thread(
            () -> {
              try {
                BEGAN.await();
                cluster.context().sc().stop();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    end.start();
    BarrierStage stage = new BarrierStage(cluster, "ended", 1, Restarts.atMost(3));
    assertThatThrownBy(
            () ->
                stage.run(
                    rank -> {
                      BEGAN.countDown();
                      TimeUnit.MINUTES.sleep(1);
                      return "not reached";
                    }))
        .isInstanceOf(EnvironmentException.class)
        .hasMessageContaining("ended");
    end.join();
    assertThatThrownBy(() -> cluster.slots().await("late", 1, Duration.ofSeconds(1)))
        .isInstanceOf(EnvironmentException.class)
        .hasMessageContaining("ended the application while late waited");
    cluster.close();
  }
}
