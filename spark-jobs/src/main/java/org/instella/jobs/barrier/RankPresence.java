package org.instella.jobs.barrier;

import java.io.Serializable;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.SparkEnv;
import org.instella.jobs.progress.ProgressChannel;

/** On an executor: tells the driver that a rank is there, until it is closed. */
final class RankPresence implements AutoCloseable {
  private final Token token;
  private final RankProcess process;
  private final ScheduledExecutorService pulse =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "instella-presence");
            thread.setDaemon(true);
            return thread;
          });

  /** Where to report to; shipped to executors. */
  record Token(String topic, int generation) implements Serializable {

    /** Called in a barrier task before anything else. */
    RankPresence enter() {
      BarrierTaskContext task = BarrierTaskContext.get();
      SparkEnv here = SparkEnv.get();
      return new RankPresence(
          this,
          new RankProcess(
              generation,
              task.partitionId(),
              here.executorId(),
              here.blockManager().blockManagerId().host(),
              ProcessHandle.current().pid()));
    }
  }

  private RankPresence(Token token, RankProcess process) {
    this.token = token;
    this.process = process;
    pulse.scheduleWithFixedDelay(
        () -> ProgressChannel.send(token.topic(), new RankRegister.Alive(process)),
        0,
        1,
        TimeUnit.SECONDS);
  }

  @Override
  public void close() {
    pulse.shutdownNow();
    try {
      pulse.awaitTermination(1, TimeUnit.SECONDS); // its last word must not come after ours
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    ProgressChannel.send(
        token.topic(), new RankRegister.Ended(process.generation(), process.rank()));
  }
}
