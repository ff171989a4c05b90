package org.instella.jobs.progress;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.instella.conf.error.EnvironmentException;
import org.instella.jobs.cluster.Cluster;
import org.instella.jobs.cluster.ClusterConfig;
import org.junit.jupiter.api.Test;

class InterruptedQuestionTest {
  /** A killed task is interrupted, and its question may be the first of its executor. */
  @Test
  void aFirstQuestionThatIsBrokenOffDoesNotLeaveTheExecutorWithoutADriver() {
    ClusterConfig config =
        new ClusterConfig(Optional.of("local-cluster[1,1,1024]"), new TreeMap<>());
    try (Cluster cluster = Cluster.open("questions", config, 1);
        var answers = ProgressChannel.respond("echo", question -> question)) {
      List<String> said =
          cluster
              .context()
              .parallelize(List.of("first"), 1)
              .map(InterruptedQuestionTest::askTwice)
              .collect();
      assertThat(said).containsExactly("first");
    }
  }

  private static String askTwice(String word) {
    Thread.currentThread().interrupt();
    try {
      ProgressChannel.ask("echo", word);
    } catch (EnvironmentException brokenOff) {
      // what happens to the question of a killed task
    }
    Thread.interrupted();
    return (String) ProgressChannel.ask("echo", word);
  }
}
