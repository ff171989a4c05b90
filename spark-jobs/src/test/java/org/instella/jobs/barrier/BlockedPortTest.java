package org.instella.jobs.barrier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.instella.conf.error.EnvironmentException;
import org.instella.jobs.cluster.Cluster;
import org.instella.jobs.cluster.ClusterConfig;
import org.instella.train.parallel.ProcessGroup;
import org.instella.train.parallel.Rank;
import org.instella.train.parallel.TcpOptions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A port between two ranks that nobody can reach. */
class BlockedPortTest {
  private static final TcpOptions PATIENCE =
      new TcpOptions(Duration.ofSeconds(20), Duration.ofSeconds(5), Duration.ofSeconds(20));

  private static Cluster cluster;

  @BeforeAll
  static void start() {
    cluster = Cluster.open("blocked", ClusterConfig.embedded().withMaster("local[2]"), 2);
  }

  @AfterAll
  static void stop() {
    cluster.close();
  }

  @Test
  void theNextGenerationTriesAnotherPort() {
    List<String> joined =
        new BarrierStage(cluster, "blocked-once", 2, Restarts.atMost(2))
            .run(rank -> join(rank.generation() == 0 ? new Blocked(rank) : rank));
    assertThat(joined).containsExactly("generation 1 of 2 ranks", "generation 1 of 2 ranks");
  }

  @Test
  void aPortThatStaysBlockedIsNamedOnceTheRestartsAreUsedUp() {
    BarrierStage stage = new BarrierStage(cluster, "blocked-always", 2, Restarts.atMost(1));
    assertThatThrownBy(() -> stage.run(rank -> join(new Blocked(rank))))
        .isInstanceOf(EnvironmentException.class)
        .hasMessageContaining("failed 2 times without progress")
        .hasMessageContaining("Rank 1 cannot reach rank 0 at 127.0.0.1:")
        .hasMessageContaining("check that ports between the executors are open");
  }

  private static String join(Rank rank) {
    try (ProcessGroup group = ProcessGroup.join(rank, PATIENCE)) {
      group.barrier();
      return "generation %d of %d ranks".formatted(rank.generation(), rank.count());
    }
  }

  /** A rank that learns of every other one a port at which nobody listens. */
  private record Blocked(Rank rank) implements Rank {
    @Override
    public int index() {
      return rank.index();
    }

    @Override
    public int count() {
      return rank.count();
    }

    @Override
    public List<String> allGather(String message) {
      List<String> seen = new ArrayList<>(rank.allGather(message));
      seen.replaceAll(
          address -> address.replaceFirst("^[^:]*:[0-9]+:", "127.0.0.1:" + closedPort() + ":"));
      seen.set(rank.index(), message);
      return seen;
    }

    @Override
    public void barrier() {
      rank.barrier();
    }

    @Override
    public int generation() {
      return rank.generation();
    }

    private static int closedPort() {
      try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
        return socket.getLocalPort();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
