package org.instella.train.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.instella.conf.error.EnvironmentException;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.storage.FailingStorage;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RetentionTest {
  private static final Storage STORAGE = Storage.standard();
  @TempDir Path folder;

  /** Checkpoints of steps 1, 2 ... with these losses; no loss where it is not a number. */
  private Checkpoints write(String name, double... losses) {
    Location output = Location.of(folder).resolve(name);
    for (int i = 0; i < losses.length; i++) {
      Location step = output.resolve("step-%07d".formatted(i + 1));
      STORAGE.writeText(step.resolve("model.safetensors"), "weights");
      Manifest.Builder manifest = Manifest.builder(CheckpointReader.KIND, 1).fact("step", i + 1);
      if (!Double.isNaN(losses[i])) {
        manifest.fact(Checkpoints.HELD_OUT_LOSS, losses[i]);
      }
      manifest.build().writeTo(STORAGE, step);
    }
    return new Checkpoints(STORAGE, output);
  }

  private static List<Long> steps(Checkpoints checkpoints) {
    return checkpoints.newestFirst().stream().map(Checkpoints.Found::step).toList();
  }

  @Test
  void theBestStayBesidesTheNewest() {
    Checkpoints checkpoints = write("a", 3.0, 2.0, 2.5, 2.1, Double.NaN, 2.9, 2.8);
    checkpoints.retain(new Checkpoints.Retention(2, 0, 2));
    assertThat(steps(checkpoints)).containsExactly(7L, 6L, 4L, 2L);
  }

  @Test
  void ofEqualOnesTheNewerIsTheBest() {
    Checkpoints checkpoints = write("a", 2.0, 2.0, 3.0, 3.0);
    checkpoints.retain(new Checkpoints.Retention(1, 0, 1));
    assertThat(steps(checkpoints)).containsExactly(4L, 2L);
  }

  @Test
  void bestNewestAndMultiplesAreOneSet() {
    Checkpoints checkpoints = write("a", 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0);
    checkpoints.retain(new Checkpoints.Retention(1, 3, 1));
    assertThat(steps(checkpoints)).containsExactly(7L, 6L, 3L, 1L);
  }

  @Test
  void theNewestStaysHoweverBadItIs() {
    Checkpoints checkpoints = write("a", 1.0, 9.0);
    checkpoints.retain(new Checkpoints.Retention(1, 0, 1));
    assertThat(steps(checkpoints)).containsExactly(2L, 1L);
  }

  @Test
  void aCrashAnywhereInTheRemovalLeavesTheBestAndTheNewest() {
    int broken = 0;
    for (int call = 0; ; call++) {
      String name = "crash-" + call;
      Checkpoints sound = write(name, 3.0, 2.0, 2.5, 2.1, 2.9);
      FailingStorage failing = new FailingStorage(STORAGE, call);
      Checkpoints breaking = new Checkpoints(failing, Location.of(folder).resolve(name));
      Checkpoints.Retention retention = new Checkpoints.Retention(1, 0, 1);
      if (failsFrom(call)) {
        assertThatThrownBy(() -> breaking.retain(retention))
            .isInstanceOf(EnvironmentException.class);
        broken++;
      } else {
        breaking.retain(retention);
        assertThat(steps(sound)).containsExactly(5L, 2L);
        break;
      }
      assertThat(steps(sound)).as("after call %d", call).contains(5L, 2L);
      // The next attempt cleans up, so that no half-removed folder is in the way of a new one.
      sound.removeLeftovers();
      assertThat(STORAGE.list(Location.of(folder).resolve(name)))
          .hasSameSizeAs(sound.newestFirst());
      sound.retain(retention);
      assertThat(steps(sound)).containsExactly(5L, 2L);
    }
    assertThat(broken).isEqualTo(CALLS);
  }

  /** A removal deletes a manifest and a folder for each of three checkpoints. */
  private static final int CALLS = 6;

  private static boolean failsFrom(int call) {
    return call < CALLS;
  }
}
