package org.instella.jobs.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.jobs.command.ApplicationMaster.Runner;
import org.instella.jobs.progress.StopSignal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How a driver in YARN's application master ends, attempt by attempt. */
class ApplicationMasterTest {
  @TempDir private Path staging;
  private final AtomicInteger runs = new AtomicInteger();

  private void attempt(int code, String message) {
    ApplicationMaster.run(
        Storage.standard(),
        Location.of(staging),
        (out, err, arguments) -> {
          runs.incrementAndGet();
          err.println(message);
          return code;
        },
        "train");
  }

  @Test
  void successReturns() {
    attempt(0, "");
    assertThat(staging).isEmptyDirectory();
  }

  @Test
  void whatAnotherAttemptWouldMeetAgainIsNotTriedAgain() {
    for (int attempt = 0; attempt < 3; attempt++) {
      assertThatThrownBy(() -> attempt(3, "instella: shard 7 is damaged"))
          .isInstanceOf(ApplicationMaster.Ended.class)
          .hasMessage("exit code 3: instella: shard 7 is damaged");
    }
    assertThat(runs).hasValue(1);
  }

  @Test
  void aFailureOfMachinesIsTriedAgain() {
    assertThatThrownBy(() -> attempt(4, "instella: disk full"))
        .hasMessage("exit code 4: instella: disk full");
    attempt(0, "");
    assertThat(runs).hasValue(2);
  }

  @Test
  void aFileAsksForAStop() {
    Runner stopsWhenAsked =
        (out, err, arguments) -> {
          Storage.standard().writeText(Location.of(staging).resolve("instella-stop"), "");
          Awaitility.await().until(StopSignal::requested);
          err.println("instella: stopped");
          return 5;
        };
    try {
      assertThatThrownBy(
              () ->
                  ApplicationMaster.run(
                      Storage.standard(), Location.of(staging), stopsWhenAsked, "train"))
          .hasMessage("exit code 5: instella: stopped");
    } finally {
      StopSignal.reset();
    }
  }

  @Test
  void thisIsNone() {
    assertThat(ApplicationMaster.isThis()).isFalse();
  }
}
