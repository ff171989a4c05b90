package org.instella.jobs.barrier;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.resource.ResourceInformation;
import org.instella.conf.error.EnvironmentException;
import org.instella.jobs.JobError;
import org.instella.train.parallel.Rank;

/**
 * A barrier task as a {@link Rank}. Spark's {@code allGather} and {@code barrier} cost about a
 * second each: they serve the rendezvous, never a training step.
 *
 * @param generation attempts of the stage so far, counted by the driver
 */
record SparkRank(BarrierTaskContext task, int generation) implements Rank {

  @Override
  public int index() {
    return task.partitionId();
  }

  @Override
  public int count() {
    return task.getTaskInfos().length;
  }

  /**
   * Every rank's message, by rank.
   *
   * @throws EnvironmentException if a message is of another generation
   */
  @Override
  public List<String> allGather(String message) {
    String mark = generation + ":";
    return Arrays.stream(task.allGather(mark + message))
        .map(
            received -> {
              if (!received.startsWith(mark)) {
                throw new EnvironmentException(
                    JobError.STAGE_FAILED,
                    "Rank %d is in generation %d and met a message of another one; the stage starts again"
                        .formatted(index(), generation));
              }
              return received.substring(mark.length());
            })
        .toList();
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

  @Override
  public void barrier() {
    task.barrier();
  }
}
