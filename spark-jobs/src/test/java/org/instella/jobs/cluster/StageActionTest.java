package org.instella.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class StageActionTest {

  @Test
  void aLostExecutorIsToldInTheWordsOfTheCluster() {
    String spark =
        """
        Job aborted due to stage failure: Could not recover from a failed barrier ResultStage. \
        Most recent failure reason: Stage failed because barrier task ResultTask(4, 0) finished \
        unsuccessfully.
        ExecutorLostFailure (executor 2 exited caused by one of the running tasks) Reason: \
        Container killed by YARN for exceeding physical memory limits. 2.1 GB of 2 GB used.
        Driver stacktrace:
        """;
    assertThat(StageAction.reason(new IllegalStateException(spark)))
        .isEqualTo(
            "ExecutorLostFailure (executor 2 exited caused by one of the running tasks) Reason:"
                + " Container killed by YARN for exceeding physical memory limits. 2.1 GB of 2 GB"
                + " used.");
  }

  @Test
  void otherFailuresAreToldByTheirReason() {
    String spark =
        "Job aborted. Most recent failure: Lost task 0.0: java.io.IOException: gone\nat x";
    assertThat(StageAction.reason(new IllegalStateException(spark)))
        .isEqualTo("Lost task 0.0: java.io.IOException: gone");
  }
}
