package org.instella.jobs.barrier;

import java.io.Serializable;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rdd.RDD;
import org.instella.conf.error.EnvironmentException;
import org.instella.conf.error.ErrorCategory;
import org.instella.conf.error.InstellaException;
import org.instella.conf.error.StoppedException;
import org.instella.jobs.JobError;
import org.instella.jobs.cluster.Cluster;
import org.instella.jobs.cluster.StageAction;
import org.instella.jobs.cluster.TaskFailure;
import org.instella.jobs.progress.ProgressChannel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Function1;
import scala.jdk.javaapi.CollectionConverters;
import scala.reflect.ClassTag$;

/**
 * Runs one function on N ranks at once. Spark never retries a barrier stage that is a result stage,
 * so the retry is here: when an executor is lost or a rank's environment fails, all ranks start
 * again with the next generation number, and find the newest checkpoint themselves. A failure that
 * another attempt would meet again (configuration, data, a bug) ends the stage at once.
 */
public final class BarrierStage {
  private static final Logger log = LoggerFactory.getLogger(BarrierStage.class);
  private static final Duration FIRST_SLOTS_WITHIN = Duration.ofSeconds(60);

  private final Cluster cluster;
  private final String name;
  private final int ranks;
  private final Restarts restarts;
  private final RankRegister register = new RankRegister();

  public BarrierStage(Cluster cluster, String name, int ranks, Restarts restarts) {
    this.cluster = cluster;
    this.name = name;
    this.ranks = ranks;
    this.restarts = restarts;
  }

  /**
   * Runs the stage to its end. To be called once.
   *
   * @return the results by rank
   * @throws EnvironmentException if the cluster has fewer slots than ranks, or the stage failed
   *     more often than allowed
   * @throws InstellaException the failure of a rank that a restart would not heal
   */
  public <T> List<T> run(BarrierBody<T> body) {
    try (register;
        SilenceWatch watch = new SilenceWatch(cluster, register, restarts.silence())) {
      return runWithRestarts(body);
    }
  }

  private <T> List<T> runWithRestarts(BarrierBody<T> body) {
    cluster.slots().await(name, ranks, FIRST_SLOTS_WITHIN);
    String mark = restarts.progress().get();
    int withoutProgress = 0;
    for (int generation = 0; ; generation++) {
      try {
        return attempt(body, generation);
      } catch (EnvironmentException failure) {
        String reached = restarts.progress().get();
        withoutProgress = reached.equals(mark) ? withoutProgress + 1 : 1;
        mark = reached;
        if (cluster.ended() || withoutProgress > restarts.limit()) {
          throw new EnvironmentException(
              JobError.STAGE_FAILED,
              "%s failed %d times without progress and is given up; the last failure: %s"
                  .formatted(name, withoutProgress, failure.getMessage()),
              failure);
        }
        if (ProgressChannel.stopRequested()) {
          // Ctrl-C in a terminal reaches embedded ranks too and ends them.
          throw new StoppedException(
              JobError.STOPPED,
              "%s was asked to stop and its ranks ended before it; the same command goes on%s"
                  .formatted(name, reached.isEmpty() ? "" : " from " + reached),
              failure);
        }
        log.warn(
            "{} lost a rank and starts again, generation={} restart={}/{}{}: {}",
            name,
            generation + 1,
            withoutProgress,
            restarts.limit(),
            reached.isEmpty() ? "" : " from=" + reached,
            firstLine(failure));
        restarts.lost().accept(firstLine(failure));
        new LostRanks(cluster, register).clear(patience());
        cluster.slots().await(name, ranks, restarts.slotsWithin());
      }
    }
  }

  /** The ranks as the driver knows them, for whoever watches the stage. */
  public RankRegister register() {
    return register;
  }

  /**
   * Time that a living rank may take to leave a failed generation. Elsewhere it may be in the
   * middle of a long step, and Spark's reaper ends it after ten seconds anyway.
   */
  private Duration patience() {
    return Duration.ofSeconds(cluster.ownsProcesses() ? 3 : 10);
  }

  private <T> List<T> attempt(BarrierBody<T> body, int generation) {
    JavaSparkContext context = cluster.context();
    String words = "%s #%d".formatted(name, generation);
    // Its own, also beside a stage of the same name: to cancel one must not cancel the other.
    String group = words + " " + UUID.randomUUID();
    context.setJobGroup(group, words, true);
    try {
      JavaFutureAction<List<T>> action = submit(context, body, generation);
      return StageAction.await(cluster, name, action);
    } catch (InstellaException e) {
      cluster.cancel(group);
      throw e;
    } finally {
      context.clearJobGroup();
    }
  }

  private <T> JavaFutureAction<List<T>> submit(
      JavaSparkContext context, BarrierBody<T> body, int generation) {
    List<Integer> indices = IntStream.range(0, ranks).boxed().toList();
    RankPresence.Token token = register.begin(generation);
    SerializableFunction<scala.collection.Iterator<Integer>, scala.collection.Iterator<T>> task =
        ignored -> CollectionConverters.asScala(runRank(body, token));
    RDD<T> results =
        context
            .parallelize(indices, ranks) // no locality preference: nothing to wait for
            .rdd()
            .barrier()
            .mapPartitions(task, false, ClassTag$.MODULE$.<T>apply(Object.class));
    return results.toJavaRDD().collectAsync();
  }

  private static <T> Iterator<T> runRank(BarrierBody<T> body, RankPresence.Token token) {
    BarrierTaskContext task = BarrierTaskContext.get();
    try (RankPresence presence = token.enter()) {
      return List.of(body.run(new SparkRank(task, token))).iterator();
    } catch (Throwable failure) {
      throw TaskFailure.of("rank " + task.partitionId(), failure);
    }
  }

  private static String firstLine(InstellaException failure) {
    return failure.getMessage().lines().findFirst().orElse(ErrorCategory.ENVIRONMENT.name());
  }

  private interface SerializableFunction<A, B> extends Function1<A, B>, Serializable {}
}
