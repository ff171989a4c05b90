package org.instella.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.instella.conf.error.DataException;
import org.instella.conf.storage.Storage;
import org.instella.model.transformer.Decoder;
import org.instella.model.transformer.FlatGradients;
import org.instella.model.transformer.FlatParameters;
import org.instella.train.checkpoint.CheckpointReader;
import org.instella.train.data.SampleBatch;
import org.instella.train.objective.NextToken;
import org.instella.train.objective.Objective;
import org.instella.train.parallel.Rank;
import org.instella.train.parallel.ThreadRanks;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NonFiniteTest {
  private static final Storage STORAGE = Storage.standard();
  @TempDir Path folder;
  private TinyRun run;

  @BeforeEach
  void writeData() {
    run = TinyRun.in(folder);
  }

  /** Meets a bad number in the micro-batches at some places of every epoch. */
  private record Spoiled(Objective objective, List<Long> badPositions, boolean inGradient)
      implements Objective {
    static Trainer.ObjectiveFactory at(long position, boolean inGradient) {
      return at(List.of(position), inGradient);
    }

    static Trainer.ObjectiveFactory at(List<Long> positions, boolean inGradient) {
      return (config, device, model, seed) ->
          new Spoiled(
              new NextToken(
                  seed.isPresent()
                      ? Decoder.initialise(model, seed.get(), device)
                      : new Decoder(FlatParameters.allocate(model, device))),
              positions,
              inGradient);
    }

    @Override
    public FlatParameters parameters() {
      return objective.parameters();
    }

    @Override
    public double accumulate(SampleBatch batch, double scale, FlatGradients gradients) {
      double loss = objective.accumulate(batch, scale, gradients);
      if (!badPositions.contains(batch.firstPosition())) {
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

  private TrainResult train(TinyRun tiny, int ranks, String output, List<Long> bad)
      throws Exception {
    return ThreadRanks.run(
            ranks,
            rank ->
                Trainer.run(
                    tiny.config(),
                    tiny.on(rank, output, TrainListener.silent(), () -> false),
                    Spoiled.at(bad, false)))
        .get(0);
  }

  private void assertSameRun(TrainResult actual, TrainResult expected) {
    assertThat(run.bytes(actual.model().resolve("model.safetensors")))
        .isEqualTo(run.bytes(expected.model().resolve("model.safetensors")));
    assertThat(CheckpointReader.open(STORAGE, actual.checkpoint()).state())
        .isEqualTo(CheckpointReader.open(STORAGE, expected.checkpoint()).state());
  }

  @ParameterizedTest(name = "{0} ranks")
  @ValueSource(ints = {1, 2})
  void aRollBackOfOneStepIsARunThatSkipsTheBatch(int ranks) throws Exception {
    TrainResult skipped =
        train(run.with("loss.non-finite = skip-batch"), 1, "skipped", List.of(36L));
    TinyRun rolling = run.with("loss.non-finite = roll-back");
    TrainResult rolledBack = train(rolling, ranks, "rolled-back", List.of(36L));
    assertSameRun(rolledBack, skipped);
    // Step 3 before any checkpoint, from the start; step 12 from the checkpoint of step 8.
    assertThat(RollBacks.read(STORAGE, run.output("rolled-back")).all())
        .extracting(RollBack::step)
        .containsExactly(3L, 12L);
    assertThat(RollBacks.read(STORAGE, run.output("rolled-back")).all().get(0).documents())
        .isNotEmpty()
        .allSatisfy(document -> assertThat(document).containsPattern("part-0000\\d.arrow:\\d+ "));
    assertThat(SampleLedger.verify(STORAGE, run.output("rolled-back"), rolling.config(), 1))
        .isEqualTo(new SampleLedger.Report(12, 2, 12 * 16, 2));
  }

  @ParameterizedTest(name = "{0} ranks")
  @ValueSource(ints = {1, 2})
  void aLongerRollBackPassesOverTheBatchesBeforeItToo(int ranks) throws Exception {
    // Places 16, 32 and 48 begin steps 2, 3 and 4; an epoch has 9 steps, a run 10.
    TinyRun ten = run.with("duration = 10, checkpoint.every = 1");
    TrainResult expected =
        train(ten.with("loss.non-finite = skip-batch"), 1, "skipped", List.of(16L, 32L, 48L));
    TinyRun rolling = ten.with("loss { non-finite = roll-back, roll-back-steps = 3 }");
    TrainResult rolledBack = train(rolling, ranks, "rolled-back", List.of(48L));
    assertSameRun(rolledBack, expected);
    assertThat(CheckpointReader.open(STORAGE, rolledBack.checkpoint()).state().skipped())
        .containsExactly(2L, 3L, 4L);
    assertThat(STORAGE.list(run.output("rolled-back")))
        .as("checkpoints of the road that was left")
        .extracting(entry -> entry.location().name())
        .contains("._left-behind-step-0000002-g0", "._left-behind-step-0000003-g0");
    assertThat(
            SampleLedger.verify(STORAGE, run.output("rolled-back"), rolling.config(), 1).skipped())
        .isEqualTo(3);
  }

  @Test
  void anInterruptedRunKeepsPassingOverTheSameBatches() throws Exception {
    TinyRun rolling = run.with("loss.non-finite = roll-back, duration = 9");
    TrainResult quiet = train(rolling, 1, "quiet", List.of(36L));
    TrainListener crash =
        new TrainListener() {
          @Override
          public void stepped(StepProgress progress) {
            if (progress.step() == 7) {
              throw new IllegalStateException("crash for the test");
            }
          }
        };
    assertThatThrownBy(
            () ->
                Trainer.run(
                    rolling.config(),
                    rolling.on(Rank.alone(), "crashed", crash, () -> false),
                    Spoiled.at(36, false)))
        .hasMessageContaining("crash for the test");
    assertSameRun(train(rolling, 2, "crashed", List.of(36L)), quiet);
  }

  @Test
  void theNumberOfRollBacksIsBounded() {
    TinyRun rolling = run.with("loss { non-finite = roll-back, roll-backs = 1 }");
    assertThatThrownBy(() -> train(rolling, 1, "out", List.of(36L, 80L)))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("step=6 loss=NaN")
        .hasMessageContaining("rolled back 1 times, as often as train.loss.roll-backs allows");
  }

  @Test
  void aRollBackWithoutACheckpointBeforeItSaysWhatIsMissing() {
    TinyRun rolling =
        run.with(
            "loss { non-finite = roll-back, roll-back-steps = 4 }"
                + ", checkpoint { every = 1, keep = 1, background = false }");
    assertThatThrownBy(() -> train(rolling, 1, "out", List.of(80L)))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("needs a checkpoint before step 3, but the oldest is step-0000005")
        .hasMessageContaining("train.checkpoint.keep");
  }

  @Test
  void aStoppedRunMayGoOnWithAnotherWayOut() throws Exception {
    assertThatThrownBy(() -> train(run, 1, "out", List.of(80L))).isInstanceOf(DataException.class);
    TinyRun skipping = run.with("loss.non-finite = skip-batch");
    assertSameRun(
        train(skipping, 1, "out", List.of(80L)), train(skipping, 1, "quiet", List.of(80L)));
  }

  @Test
  void aSkippedBatchIsNotedWithItsDocuments() throws Exception {
    train(run.with("loss.non-finite = skip-batch"), 2, "out", List.of(36L));
    assertThat(STORAGE.readText(run.output("out").resolve("incidents.jsonl")).lines())
        .hasSize(2)
        .first()
        .asString()
        .contains("\"step\":3", "\"kind\":\"skipped\"", "\"micro_batches\":[2]", "part-0000");
  }
}
