package org.instella.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainerTest {
  @TempDir Path folder;

  /** Keeps the losses it hears of. */
  static final class Losses implements TrainListener {
    final List<Double> values = new ArrayList<>();

    @Override
    public void stepped(StepProgress progress) {
      values.add(progress.loss());
    }
  }

  @Test
  void theLossFallsAndAModelFolderIsLeft() throws Exception {
    TinyRun run = TinyRun.in(folder);
    Losses losses = new Losses();
    TrainResult result = run.train(1, "out", losses);
    assertThat(losses.values).hasSize(12);
    assertThat(losses.values.get(0)).isBetween(3.8, 4.8);
    assertThat(losses.values.get(11)).isLessThan(losses.values.get(0) - 0.3);
    assertThat(result.step()).isEqualTo(12);
    System.out.println(losses.values);
  }

  @Test
  void oneTwoAndFourRanksEndWithTheSameBits() throws Exception {
    TinyRun run = TinyRun.in(folder);
    Losses one = new Losses();
    Losses two = new Losses();
    Losses four = new Losses();
    TrainResult first = run.train(1, "out-1", one);
    TrainResult second = run.train(2, "out-2", two);
    TrainResult third = run.train(4, "out-4", four);
    assertThat(two.values).isEqualTo(one.values);
    assertThat(four.values).isEqualTo(one.values);
    byte[] weights = run.bytes(first.model().resolve("model.safetensors"));
    assertThat(run.bytes(second.model().resolve("model.safetensors"))).isEqualTo(weights);
    assertThat(run.bytes(third.model().resolve("model.safetensors"))).isEqualTo(weights);
  }
}
