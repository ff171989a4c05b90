package org.instella.jobs;

import java.io.Serializable;
import java.util.Optional;
import java.util.function.Consumer;
import org.instella.jobs.barrier.RankRegister;
import org.instella.jobs.chaos.Chaos;
import org.instella.jobs.chaos.ChaosConfig;
import org.instella.jobs.cluster.Cluster;

/** Injects the faults of a training run, if any were asked for, and tells them how it goes. */
record TrainFaults(Optional<Chaos> chaos) implements AutoCloseable {

  static TrainFaults of(
      Optional<ChaosConfig> config, Cluster cluster, RankRegister ranks, JobContext context) {
    return new TrainFaults(
        config.map(
            asked -> Chaos.start(asked, cluster, ranks, context.storage(), context.output())));
  }

  /** A listener that passes the events of the run on. */
  Consumer<Serializable> and(Consumer<Serializable> next) {
    return event -> {
      chaos.ifPresent(listener -> tell(listener, event));
      next.accept(event);
    };
  }

  private static void tell(Chaos listener, Serializable event) {
    if (event instanceof TrainEvents.Started started) {
      listener.began(started.generation(), started.firstStep());
    } else if (event instanceof TrainEvents.Stepped stepped) {
      listener.stepped(stepped.step());
    }
  }

  @Override
  public void close() {
    chaos.ifPresent(Chaos::close);
  }
}
