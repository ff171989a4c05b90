package org.instella.train.parallel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.instella.conf.error.BugException;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.error.EnvironmentException;
import org.instella.train.parallel.ThreadRanks.Outcome;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class TcpProcessGroupTest {
  private static final TcpOptions QUICK =
      new TcpOptions(Duration.ofSeconds(10), Duration.ofSeconds(2), Duration.ofSeconds(20));

  @Test
  void slicesOfAllRanksTileTheBuffer() {
    for (int ranks : new int[] {1, 2, 4, 8, 16}) {
      int count = ranks;
      List<Slice> slices =
          IntStream.range(0, ranks)
              .mapToObj(r -> Slice.of(1 << 20, r, count))
              .sorted((a, b) -> Long.compare(a.first(), b.first()))
              .toList();
      long next = 0;
      for (Slice slice : slices) {
        assertThat(slice.first()).isEqualTo(next);
        next = slice.end();
      }
      assertThat(next).isEqualTo(1 << 20);
    }
  }

  @Test
  void aRankThatGivesUpEndsTheOthersWithinSecondsAndIsNamed() throws Exception {
    long start = System.nanoTime();
    List<Outcome<Void>> outcomes =
        ThreadRanks.outcomes(
            4,
            0,
            30,
            rank -> {
              try (ProcessGroup group = ProcessGroup.join(rank, QUICK)) {
                group.barrier();
                if (rank.index() == 2) {
                  group.abort("its disk is full");
                  throw new IllegalStateException("disk full");
                }
                group.reduceScatter(new DirectMemory(1 << 20));
                group.barrier();
                return null;
              }
            });
    assertThat((System.nanoTime() - start) / 1e9).isLessThan(10);
    for (int rank : new int[] {0, 1, 3}) {
      assertThat(outcomes.get(rank).failure())
          .as("rank %d", rank)
          .isInstanceOf(EnvironmentException.class)
          .hasMessageContaining("rank 2 gave up: its disk is full");
    }
  }

  @Test
  void aRankThatFallsSilentIsNamedByAllOthers() throws Exception {
    List<Outcome<Void>> outcomes =
        ThreadRanks.outcomes(
            4,
            0,
            30,
            rank -> {
              if (rank.index() == 3) {
                // Joins and then does nothing at all, as a stopped process does: no watch, no data.
                Rendezvous.Meeting meeting = Rendezvous.meet(rank, QUICK);
                Thread.sleep(6000);
                meeting.control().values().forEach(Rendezvous::close);
                meeting.data().values().forEach(Rendezvous::close);
                return null;
              }
              try (ProcessGroup group = ProcessGroup.join(rank, QUICK)) {
                group.barrier();
                return null;
              }
            });
    for (int rank = 0; rank < 3; rank++) {
      assertThat(outcomes.get(rank).failure())
          .as("rank %d", rank)
          .isInstanceOf(EnvironmentException.class)
          .hasMessageContaining("rank 3 at 127.0.0.1:")
          .hasMessageContaining("silent");
    }
  }

  @Test
  void aRankThatDiesIsNamedAlsoByRanksThatOnlyCompute() throws Exception {
    List<Outcome<Double>> outcomes =
        ThreadRanks.outcomes(
            4,
            0,
            30,
            rank -> {
              if (rank.index() == 1) {
                Rendezvous.Meeting meeting = Rendezvous.meet(rank, QUICK);
                // A killed process: the kernel closes its connections.
                meeting.control().values().forEach(Rendezvous::close);
                meeting.data().values().forEach(Rendezvous::close);
                return 0.0;
              }
              try (ProcessGroup group = ProcessGroup.join(rank, QUICK)) {
                Thread.sleep(1000); // a long step
                long start = System.nanoTime();
                assertThatThrownBy(group::barrier)
                    .isInstanceOf(EnvironmentException.class)
                    .hasMessageContaining("rank 1 at 127.0.0.1:")
                    .hasMessageContaining("died");
                return (System.nanoTime() - start) / 1e9;
              }
            });
    for (int rank : new int[] {0, 2, 3}) {
      assertThat(outcomes.get(rank).failure()).as("rank %d", rank).isNull();
      assertThat(outcomes.get(rank).value()).as("seconds of rank %d", rank).isLessThan(1);
    }
  }

  @Test
  void ranksOfAnotherGenerationAreRefused() throws Exception {
    List<Outcome<Void>> outcomes =
        ThreadRanks.outcomes(
            2,
            7,
            30,
            rank -> {
              Rank late = rank.index() == 1 ? withGeneration(rank, 6) : rank;
              TcpOptions options =
                  new TcpOptions(Duration.ofSeconds(2), Duration.ofSeconds(2), QUICK.operation());
              ProcessGroup.join(late, options).close();
              return null;
            });
    assertThat(outcomes.get(1).failure())
        .isInstanceOf(EnvironmentException.class)
        .hasMessageContaining("generation 6 here, 7 there");
    assertThat(outcomes.get(0).failure())
        .isInstanceOf(EnvironmentException.class)
        .hasMessageContaining("waited in vain for ranks [1]");
  }

  @Test
  void aStrangerAtTheDoorDoesNotDisturbTheMeeting() throws Exception {
    ThreadRanks.run(
        2,
        rank -> {
          Rank nosy =
              new ForwardingRank(rank) {
                @Override
                public List<String> allGather(String message) {
                  List<String> all = super.allGather(message);
                  Peer lower = Peer.parse(0, all.get(0));
                  try (Socket socket = new Socket(lower.host(), lower.port())) {
                    socket
                        .getOutputStream()
                        .write("GET / HTTP/1.1\r\nHost: example\r\n\r\n".getBytes());
                  } catch (java.io.IOException e) {
                    throw new java.io.UncheckedIOException(e);
                  }
                  return all;
                }
              };
          try (ProcessGroup group = ProcessGroup.join(rank.first() ? rank : nosy, QUICK)) {
            group.barrier();
          }
          return null;
        });
  }

  @Test
  void ranksThatDoDifferentThingsFindOut() throws Exception {
    List<Outcome<Void>> outcomes =
        ThreadRanks.outcomes(
            2,
            0,
            30,
            rank -> {
              try (ProcessGroup group = ProcessGroup.join(rank, QUICK)) {
                group.allReduce(new double[rank.index() + 1]);
                return null;
              }
            });
    assertThat(outcomes).anySatisfy(o -> assertThat(o.failure()).isInstanceOf(BugException.class));
    assertThat(outcomes).allSatisfy(o -> assertThat(o.failure()).isNotNull());
  }

  @Test
  void threeRanksAreRefusedWithTheNumbersThatWork() {
    Rank third =
        new ForwardingRank(Rank.alone()) {
          @Override
          public int count() {
            return 3;
          }
        };
    assertThatThrownBy(() -> ProcessGroup.join(third, QUICK))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("use 2 or 4");
  }

  private static Rank withGeneration(Rank rank, int generation) {
    return new ForwardingRank(rank) {
      @Override
      public int generation() {
        return generation;
      }
    };
  }

  private static class ForwardingRank implements Rank {
    private final Rank rank;

    ForwardingRank(Rank rank) {
      this.rank = rank;
    }

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
      return rank.allGather(message);
    }

    @Override
    public void barrier() {
      rank.barrier();
    }

    @Override
    public int generation() {
      return rank.generation();
    }
  }
}
