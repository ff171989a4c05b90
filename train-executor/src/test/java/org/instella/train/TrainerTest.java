package org.instella.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.instella.conf.error.DataException;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
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

  @Test
  void sixMicroBatchesShareOneTreeToo() throws Exception {
    TinyRun run = TinyRun.in(folder).with("global-batch = 12, duration = 3");
    TrainResult one = run.train(1, "out-1");
    TrainResult two = run.train(2, "out-2");
    assertThat(run.bytes(two.model().resolve("model.safetensors")))
        .isEqualTo(run.bytes(one.model().resolve("model.safetensors")));
  }

  @Test
  void bfloat16AndRecomputationAreAsExactOnAnyNumberOfRanks() throws Exception {
    TinyRun run =
        TinyRun.in(folder)
            .with(
                "compute { precision = bfloat16, recompute-every = 2, head-chunk = 8"
                    + ", attend-across-documents = false }, duration = 4");
    Losses losses = new Losses();
    TrainResult one = run.train(1, "out-1", losses);
    TrainResult two = run.train(2, "out-2");
    assertThat(losses.values.get(3)).isLessThan(losses.values.get(0));
    assertThat(run.bytes(two.model().resolve("model.safetensors")))
        .isEqualTo(run.bytes(one.model().resolve("model.safetensors")));
  }

  @Test
  void metricsAndLedgerHoldALineForEachStep() throws Exception {
    TinyRun run = TinyRun.in(folder).with("duration = 6, log-every = 2");
    TrainResult result = run.train(1, "out");
    String metrics = Storage.standard().readText(run.output("out").resolve("metrics.jsonl"));
    assertThat(metrics.lines()).hasSize(3).last().asString().contains("\"step\":6");
    assertThat(metrics).contains("tokens_per_second", "gradient_norm", "learning_rate");
    assertThat(SampleLedger.verify(Storage.standard(), run.output("out"), run.config(), 1))
        .isEqualTo(new SampleLedger.Report(6, 0, 96, 1));
    assertThat(Storage.standard().readText(result.checkpoint().resolve("trainer-state.json")))
        .contains("\"updates\" : 6");
  }

  @Test
  void aLedgerThatLacksAStepIsFoundOut() throws Exception {
    TinyRun run = TinyRun.in(folder).with("duration = 3");
    run.train(1, "out");
    Location ledger = run.output("out").resolve("ledger.jsonl");
    List<String> lines = Storage.standard().readText(ledger).lines().toList();
    Storage.standard().delete(ledger);
    Storage.standard().writeText(ledger, lines.get(0) + "\n" + lines.get(2) + "\n");
    assertThatThrownBy(
            () -> SampleLedger.verify(Storage.standard(), run.output("out"), run.config(), 1))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("does not prove step 2");
  }
}
