package org.instella.jobs.cluster;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.instella.conf.error.ErrorCategory;
import org.instella.conf.error.InstellaException;
import org.instella.conf.error.StoppedException;
import org.instella.jobs.JobError;
import org.instella.jobs.progress.ProgressChannel;

/**
 * One function over many items, each a task of its own. Spark retries a task whose environment
 * failed; a failure that would come again (data, configuration, a bug) is brought home at once.
 */
public final class ParallelStage {
  private ParallelStage() {}

  /** What a task does with its item; shipped to executors. */
  @FunctionalInterface
  public interface Work<A, B> extends Serializable {
    B run(A item) throws Exception;
  }

  /** A result, or the failure instead of it. */
  private record Outcome<B>(B result, TaskFailure failure) implements Serializable {}

  /**
   * Runs all items.
   *
   * @param items in the order in which they should start: the longest first
   * @return results in the order of the items
   * @throws InstellaException the failure of the first item that failed, or that there is no slot
   */
  public static <A, B> List<B> run(Cluster cluster, String name, List<A> items, Work<A, B> work) {
    if (items.isEmpty()) {
      return List.of();
    }
    cluster.slots().awaitAny(name);
    JavaSparkContext context = cluster.context();
    context.setJobGroup(name, name, true);
    try {
      List<Outcome<B>> outcomes =
          StageAction.await(
              cluster,
              name,
              context
                  .parallelize(items, items.size())
                  .map(item -> outcome(name, item, work))
                  .collectAsync());
      return results(outcomes);
    } catch (InstellaException e) {
      cluster.cancel(name);
      throw e;
    } finally {
      context.clearJobGroup();
    }
  }

  private static <A, B> Outcome<B> outcome(String name, A item, Work<A, B> work) {
    if (ProgressChannel.stopRequested()) {
      return new Outcome<>(
          null,
          TaskFailure.of(
              name,
              new StoppedException(
                  JobError.STOPPED, name + " was stopped; the same command goes on")));
    }
    try {
      return new Outcome<>(work.run(item), null);
    } catch (InstellaException e) {
      if (e.category() == ErrorCategory.ENVIRONMENT) {
        throw TaskFailure.of(name, e);
      }
      return new Outcome<>(null, TaskFailure.of(name, e));
    } catch (Exception e) {
      throw TaskFailure.of(name, e);
    }
  }

  private static <B> List<B> results(List<Outcome<B>> outcomes) {
    List<B> results = new ArrayList<>();
    for (Outcome<B> outcome : outcomes) {
      if (outcome.failure() != null) {
        throw TaskFailure.find(outcome.failure()).orElseThrow().toException(outcome.failure());
      }
      results.add(outcome.result());
    }
    return results;
  }
}
