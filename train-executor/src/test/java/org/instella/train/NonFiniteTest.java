package org.instella.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.instella.conf.error.DataException;
import org.instella.conf.storage.Storage;
import org.instella.model.transformer.Decoder;
import org.instella.model.transformer.FlatGradients;
import org.instella.model.transformer.FlatParameters;
import org.instella.model.transformer.TransformerConfig;
import org.instella.train.checkpoint.CheckpointReader;
import org.instella.train.data.SampleBatch;
import org.instella.train.objective.NextToken;
import org.instella.train.objective.Objective;
import org.instella.train.parallel.Rank;
import org.instella.train.parallel.ThreadRanks;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NonFiniteTest {
  @TempDir Path folder;
  private TinyRun run;

  @BeforeEach
  void writeData() {
    run = TinyRun.in(folder);
  }

  /** Meets a bad number in the micro-batch at one place of the first epoch. */
  private record Spoiled(Objective objective, long badPosition, boolean inGradient)
      implements Objective {
    static Trainer.ObjectiveFactory at(long position, boolean inGradient) {
      return (TrainConfig config, TransformerConfig model, Optional<Long> seed) ->
          new Spoiled(
              new NextToken(
                  Decoder.initialise(model, seed.orElseThrow(), config.compute().torchDevice())),
              position,
              inGradient);
    }

    @Override
    public FlatParameters parameters() {
      return objective.parameters();
    }

    @Override
    public double accumulate(SampleBatch batch, double scale, FlatGradients gradients) {
      double loss = objective.accumulate(batch, scale, gradients);
      if (batch.firstPosition() != badPosition) {
        return loss;
      }
      if (inGradient) {
        gradients.buffer().bytes(100, 101).putFloat(Float.POSITIVE_INFINITY);
        return loss;
      }
      return Double.NaN;
    }

    @Override
    public double lossSum(SampleBatch batch) {
      return objective.lossSum(batch);
    }

    @Override
    public void weightsChanged() {
      objective.weightsChanged();
    }

    @Override
    public void close() {
      objective.close();
    }
  }

  @Test
  void aNonFiniteLossStopsTheRunAndNamesTheDocuments() {
    // Micro-batches of 2 in steps of 16: place 36 is in step 3, its third micro-batch.
    assertThatThrownBy(
            () ->
                ThreadRanks.run(
                    2,
                    rank ->
                        Trainer.run(
                            run.config(),
                            run.on(rank, "out", TrainListener.silent(), () -> false),
                            Spoiled.at(36, false))))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("step=3 loss=NaN")
        .hasMessageContaining("micro-batches=[2]")
        .hasMessageContaining("part-0000")
        .hasMessageContaining("skip-batch");
  }

  @Test
  void aNonFiniteGradientStopsTheRunToo() {
    assertThatThrownBy(
            () ->
                Trainer.run(
                    run.config(),
                    run.on(Rank.alone(), "out", TrainListener.silent(), () -> false),
                    Spoiled.at(36, true)))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("gradient-norm=Infinity")
        .hasMessageContaining("micro-batches=all");
  }

  @Test
  void aSkippedBatchIsUsedUpWithoutAnUpdateOnAnyNumberOfRanks() throws Exception {
    TinyRun skipping = run.with("loss.non-finite = skip-batch");
    List<byte[]> weights = new ArrayList<>();
    for (int ranks : new int[] {1, 2}) {
      String output = "out-" + ranks;
      TrainResult result =
          ThreadRanks.run(
                  ranks,
                  rank ->
                      Trainer.run(
                          skipping.config(),
                          skipping.on(rank, output, TrainListener.silent(), () -> false),
                          Spoiled.at(36, false)))
              .get(0);
      var state = CheckpointReader.open(Storage.standard(), result.checkpoint()).state();
      // An epoch has 9 steps: the place comes again in step 12.
      assertThat(state.skipped()).containsExactly(3L, 12L);
      assertThat(state.updates()).isEqualTo(10);
      assertThat(SampleLedger.verify(Storage.standard(), run.output(output), skipping.config(), 1))
          .isEqualTo(new SampleLedger.Report(12, 2, 12 * 16, 2));
      weights.add(run.bytes(result.model().resolve("model.safetensors")));
    }
    assertThat(weights.get(1)).isEqualTo(weights.get(0));
  }
}
