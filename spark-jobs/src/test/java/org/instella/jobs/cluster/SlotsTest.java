package org.instella.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.instella.conf.error.EnvironmentException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class SlotsTest {
  @Test
  @Timeout(120)
  void workWithoutAnyExecutorDoesNotWaitForEver() {
    TreeMap<String, String> properties = new TreeMap<>();
    properties.put("spark.executor.extraJavaOptions", "-Xss1k");
    properties.put("spark.scheduler.maxRegisteredResourcesWaitingTime", "2s");
    ClusterConfig config = new ClusterConfig(Optional.of("local-cluster[2,1,1024]"), properties);
    try (Cluster cluster = Cluster.open("nobody", config, 2)) {
      assertThatThrownBy(() -> ParallelStage.run(cluster, "work", List.of(1), item -> item))
          .isInstanceOf(EnvironmentException.class)
          .hasMessage(
              "work needs 1 slot(s), and local-cluster[2,1,1024] has 0 of the 2 that the settings"
                  + " ask for: executors did not start, or did not come back; see their logs");
    }
  }
}
