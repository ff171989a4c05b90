package org.instella.train.parallel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.instella.conf.error.EnvironmentException;
import org.instella.model.torch.TorchDevice;
import org.instella.train.parallel.ThreadRanks.Outcome;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who waits for whom between cards, and what happens when one does not come. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class NcclProcessGroupTest {
  private static final int ELEMENTS = 64;
  private static final TcpOptions QUICK =
      new TcpOptions(Duration.ofSeconds(3), Duration.ofSeconds(2), Duration.ofSeconds(4));

  private final StandInCards cards = new StandInCards();

  private ProcessGroup join(Rank rank) {
    return NcclProcessGroup.join(
        rank, QUICK, Reduction.EXACT, TorchDevice.gpu(rank.index()), cards.nccl(), cards);
  }

  private static TensorNumbers zeros() {
    return TensorNumbers.of(TorchDevice.cpu(1), new float[ELEMENTS]);
  }

  /** A kernel that takes its time and fills the gradient. */
  private void computeSlowly(TensorNumbers gradient, float value) {
    cards.compute(
        () -> {
          sleep(200);
          gradient.buffer().fill(value);
        });
  }

  private static void sleep(long millis) {
    try {
      TimeUnit.MILLISECONDS.sleep(millis);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aSumWaitsForItsGradientAndNotForKernelsThatCameLater() throws Exception {
    CountDownLatch summed = new CountDownLatch(2);
    List<Float> sums =
        ThreadRanks.run(
            2,
            rank -> {
              try (ProcessGroup group = join(rank);
                  TensorNumbers gradient = zeros()) {
                computeSlowly(gradient, rank.index() + 1);
                ProcessGroup.Mark computed = group.mark();
                // The backward pass of earlier blocks: ends only when the sum is there. Were the
                // sum queued behind it, both would wait for ever.
                cards.compute(() -> await(summed));
                Slice half = new Slice(ELEMENTS / 2, ELEMENTS / 2);
                group.reduceScatter(gradient.memory(), half, computed);
                float sum = gradient.toArray()[(int) group.slice(ELEMENTS).end() - 1];
                summed.countDown();
                await(summed);
                return sum;
              }
            });
    assertThat(sums.get(1)).as("the rank that keeps the upper half").isEqualTo(3f);
    assertThat(cards.leftOver()).as("streams and events left behind").isZero();
  }

  @Test
  void weightsAreGatheredAfterTheirUpdate() throws Exception {
    List<float[]> gathered =
        ThreadRanks.run(
            2,
            rank -> {
              try (ProcessGroup group = join(rank);
                  TensorNumbers weights = zeros()) {
                computeSlowly(weights, rank.index() + 1);
                group.allGather(weights.memory());
                return weights.toArray();
              }
            });
    for (float[] weights : gathered) {
      assertThat(weights[0]).isEqualTo(1f);
      assertThat(weights[ELEMENTS - 1]).isEqualTo(2f);
    }
  }

  @Test
  void aRankThatDiesWhileCardsMeetIsNamedAndNobodyWaits() throws Exception {
    List<Outcome<ProcessGroup>> outcomes =
        ThreadRanks.outcomes(
            2,
            0,
            30,
            rank -> {
              if (rank.first()) {
                return join(rank);
              }
              // As a process that is killed inside NCCL: it has met the others, and then is gone.
              Rendezvous.Meeting meeting = Rendezvous.meet(rank, QUICK);
              rank.allGather("");
              sleep(300);
              meeting.control().values().forEach(Rendezvous::close);
              meeting.data().values().forEach(Rendezvous::close);
              sleep(1500); // in a barrier stage nobody would free the others either
              return null;
            });
    assertThat(outcomes.get(0).failure())
        .isInstanceOf(EnvironmentException.class)
        .hasMessageContaining("rank 1 at")
        .hasMessageContaining("died");
    assertThat(cards.communicatorsAborted()).isEqualTo(1);
  }

  @Test
  void aRankThatHangsInNcclIsGivenUpAfterTheTimeToMeet() throws Exception {
    List<Outcome<ProcessGroup>> outcomes =
        ThreadRanks.outcomes(
            2,
            0,
            30,
            rank -> {
              if (rank.first()) {
                return join(rank);
              }
              try (ProcessGroup alive = TcpProcessGroup.join(rank, QUICK, Reduction.EXACT)) {
                rank.allGather("");
                sleep(6000);
              }
              return null;
            });
    assertThat(outcomes.get(0).failure())
        .isInstanceOf(EnvironmentException.class)
        .hasMessageContaining("Rank 0 waited 3 s in vain for 2 cards to meet in NCCL")
        .hasMessageContaining("train.group.join-timeout");
    assertThat(cards.communicatorsAborted()).isEqualTo(1);
  }

  @Test
  void aRankThatNeverComesToACollectiveEndsItForTheOthers() throws Exception {
    List<Outcome<Void>> outcomes =
        ThreadRanks.outcomes(
            2,
            0,
            30,
            rank -> {
              try (ProcessGroup group = join(rank);
                  TensorNumbers numbers = zeros()) {
                if (rank.first()) {
                  group.allGather(numbers.memory());
                } else {
                  group.abort("its card fell off the bus");
                }
                return null;
              }
            });
    assertThat(outcomes.get(0).failure())
        .isInstanceOf(EnvironmentException.class)
        .hasMessageContaining("rank 1 gave up: its card fell off the bus");
  }

  @Test
  void aCollectiveThatIsAbortedFromAnotherThreadDoesNotLookDone() throws Exception {
    List<Outcome<Void>> outcomes =
        ThreadRanks.outcomes(
            2,
            0,
            30,
            rank -> {
              try (ProcessGroup group = join(rank);
                  TensorNumbers numbers = zeros()) {
                if (rank.first()) {
                  Thread stopper =
                      new Thread(
                          () -> {
                            sleep(300);
                            group.abort("asked to");
                          });
                  stopper.start();
                  group.allGather(numbers.memory());
                } else {
                  sleep(1000);
                }
                return null;
              }
            });
    assertThat(outcomes.get(0).failure())
        .isInstanceOf(EnvironmentException.class)
        .hasMessageContaining("asked to");
  }

  @Test
  void aLibraryThatIsNoneIsNamed() {
    assertThatThrownBy(() -> Nccl.open(Optional.of("libc.so.6")))
        .isInstanceOf(EnvironmentException.class)
        .hasMessageContaining("libc.so.6");
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(20, TimeUnit.SECONDS)).as("both sums are there").isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
