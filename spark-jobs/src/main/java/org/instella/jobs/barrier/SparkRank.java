package org.instella.jobs.barrier;

import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.resource.ResourceInformation;
import org.instella.conf.error.EnvironmentException;
import org.instella.jobs.JobError;
import org.instella.jobs.progress.ProgressChannel;
import org.instella.train.parallel.Rank;

/**
 * A barrier task as a {@link Rank}. Ranks gather through the {@link RankBoard} of the driver: a few
 * hundredths of a second, for the rendezvous, never for a training step.
 */
final class SparkRank implements Rank {
  private static final long FIRST_NAP_MILLIS = 5;
  private static final long LONGEST_NAP_MILLIS = 250;

  private final BarrierTaskContext task;
  private final RankPresence.Token token;
  private final Duration patience;
  private int round;

  /**
   * A rank that has just begun.
   *
   * @param token names the driver's board and the attempt
   */
  SparkRank(BarrierTaskContext task, RankPresence.Token token) {
    this.task = task;
    this.token = token;
    this.patience =
        Duration.ofSeconds(SparkEnv.get().conf().getTimeAsSeconds("spark.barrier.sync.timeout"));
  }

  @Override
  public int index() {
    return task.partitionId();
  }

  @Override
  public int count() {
    return task.getTaskInfos().length;
  }

  @Override
  public int generation() {
    return token.generation();
  }

  /**
   * Every rank's message, by rank.
   *
   * @throws EnvironmentException if the driver has given this attempt up, or ranks do not come
   *     within {@code spark.barrier.sync.timeout}
   */
  @Override
  public List<String> allGather(String message) {
    var note = new RankBoard.Note(generation(), round++, index(), count(), message);
    long start = System.nanoTime();
    long nap = FIRST_NAP_MILLIS;
    while (true) {
      var state = (RankBoard.State) ProgressChannel.ask(token.topic(), note);
      if (state.complete()) {
        return List.copyOf(state.messages());
      }
      if (state.over() || task.isInterrupted()) {
        throw over("the driver has given generation %d up".formatted(generation()));
      }
      if (System.nanoTime() - start > patience.toNanos()) {
        throw over(
            "ranks %s did not come within %d s (spark.barrier.sync.timeout)"
                .formatted(state.missing(), patience.toSeconds()));
      }
      sleep(nap);
      nap = Math.min(LONGEST_NAP_MILLIS, nap + nap / 2);
    }
  }

  private void sleep(long millis) {
    try {
      TimeUnit.MILLISECONDS.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw over("it was interrupted while it waited for the others");
    }
  }

  private EnvironmentException over(String why) {
    return new EnvironmentException(
        JobError.STAGE_FAILED, "Rank %d stops: %s".formatted(index(), why));
  }

  @Override
  public void barrier() {
    allGather("");
  }

  /** The address at which Spark itself reaches this executor. */
  @Override
  public String host() {
    return SparkEnv.get().blockManager().blockManagerId().host();
  }

  /**
   * The first card of the task's resource {@code gpu}.
   *
   * @throws EnvironmentException if its address is no number
   */
  @Override
  public OptionalInt card() {
    ResourceInformation cards = task.resourcesJMap().get("gpu");
    if (cards == null || cards.addresses().length == 0) {
      return OptionalInt.empty();
    }
    String address = cards.addresses()[0];
    if (!address.matches("\\d{1,3}")) {
      throw new EnvironmentException(
          JobError.STAGE_FAILED,
          "Spark gave rank %d the card '%s'; the discovery script must print the numbers of cards, such as 0"
              .formatted(index(), address));
    }
    return OptionalInt.of(Integer.parseInt(address));
  }
}
