package org.instella.jobs.barrier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.instella.conf.error.EnvironmentException;
import org.instella.jobs.cluster.Cluster;
import org.instella.jobs.cluster.ClusterConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Spark's own bookkeeping of cards, with cards that only a discovery script knows of. */
class CardsOfExecutorsTest {
  @TempDir Path folder;

  @Test
  void aRankIsToldTheCardThatItsTaskHolds() throws Exception {
    try (Cluster cluster = clusterWithCard("7")) {
      List<Integer> cards =
          new BarrierStage(cluster, "cards", 1, Restarts.atMost(0))
              .run(rank -> rank.card().orElse(-1));
      assertThat(cards).containsExactly(7);
    }
  }

  @Test
  void aCardWithoutANumberIsNamed() throws Exception {
    try (Cluster cluster = clusterWithCard("GPU-1f2e")) {
      assertThatThrownBy(
              () ->
                  new BarrierStage(cluster, "cards", 1, Restarts.atMost(0))
                      .run(rank -> rank.card().orElse(-1)))
          .isInstanceOf(EnvironmentException.class)
          .hasMessageContaining("'GPU-1f2e'");
    }
  }

  private Cluster clusterWithCard(String address) throws Exception {
    Path script =
        Files.writeString(
            folder.resolve("cards.sh"),
            "#!/bin/sh\necho '{\"name\": \"gpu\", \"addresses\": [\"%s\"]}'\n".formatted(address));
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
    SortedMap<String, String> properties = new TreeMap<>();
    properties.put("spark.worker.resource.gpu.amount", "1");
    properties.put("spark.worker.resource.gpu.discoveryScript", script.toString());
    properties.put("spark.executor.resource.gpu.amount", "1");
    properties.put("spark.task.resource.gpu.amount", "1");
    return Cluster.open(
        "cards", new ClusterConfig(Optional.of("local-cluster[1,1,1024]"), properties), 1);
  }
}
