package org.instella.jobs.cluster;

import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.spark.api.java.JavaFutureAction;
import org.instella.conf.error.EnvironmentException;
import org.instella.conf.error.InstellaException;
import org.instella.conf.error.StoppedException;
import org.instella.jobs.JobError;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Waits for the end of a Spark action and says in our words how it failed. */
public final class StageAction {
  private static final Logger log = LoggerFactory.getLogger(StageAction.class);
  private static final String RECENT = "Most recent failure";
  private static final String LOST = "ExecutorLostFailure";

  private StageAction() {}

  /**
   * The result of an action.
   *
   * @param name what messages call it
   * @throws InstellaException what a task threw, if it was ours
   * @throws EnvironmentException if Spark failed: a lost executor, an application that ended
   */
  public static <T> T await(Cluster cluster, String name, JavaFutureAction<T> action) {
    while (true) {
      try {
        return action.get(200, TimeUnit.MILLISECONDS);
      } catch (TimeoutException stillRunning) {
        // Spark leaves an action of a dead application pending for ever.
        if (cluster.ended()) {
          throw new EnvironmentException(
              JobError.APPLICATION_ENDED,
              "Spark ended the application while %s ran; see the full log".formatted(name));
        }
      } catch (ExecutionException failure) {
        throw translate(name, failure.getCause());
      } catch (CancellationException cancelled) {
        throw new EnvironmentException(
            JobError.APPLICATION_ENDED, "%s was cancelled".formatted(name), cancelled);
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
        action.cancel(true);
        throw new StoppedException(
            JobError.STOPPED, "%s was interrupted".formatted(name), interrupted);
      }
    }
  }

  private static InstellaException translate(String name, Throwable failure) {
    Optional<TaskFailure.Report> report = TaskFailure.find(failure);
    if (report.isPresent()) {
      return report.get().toException(failure);
    }
    // A lost executor, a failed fetch, a killed task: Spark's words, and worth another attempt.
    log.debug("{} failed", name, failure);
    return new EnvironmentException(
        JobError.SPARK_FAILED, "%s: %s".formatted(name, reason(failure)), failure);
  }

  /** The part of Spark's message that says what happened. */
  static String reason(Throwable failure) {
    String message = String.valueOf(failure.getMessage());
    // The cluster's own words, such as that a container took more memory than it had asked for.
    int lost = message.indexOf(LOST);
    if (lost >= 0) {
      return message.substring(lost).lines().findFirst().orElseThrow().strip();
    }
    int recent = message.indexOf(RECENT);
    int colon = message.indexOf(": ", Math.max(0, recent));
    if (recent >= 0 && colon >= 0) {
      message = message.substring(colon + 2);
    }
    return message.lines().findFirst().orElse(message).strip();
  }
}
