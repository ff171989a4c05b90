package org.instella.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.instella.conf.error.DataException;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.storage.Storage;
import org.instella.train.checkpoint.CheckpointReader;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From one stage to the next: weights, moments and step each as the recipe says. */
class StageTransitionTest {
  private static final Storage STORAGE = Storage.standard();
  @TempDir static Path folder;
  private static TinyRun data;
  private static TrainResult stageOne;
  @TempDir Path scratch;
  private TinyRun run;

  @BeforeAll
  static void trainStageOne() throws Exception {
    data = TinyRun.in(folder);
    stageOne = data.train(1, "stage-1");
  }

  @BeforeEach
  void useOwnOutputs() {
    run = data.into(scratch).with("model = null, duration = 4, schedule.warmup = 0");
  }

  /** What the listener heard, in order. */
  private static final class Heard implements TrainListener {
    final List<StepProgress> steps = new ArrayList<>();
    final SortedMap<Long, SortedMap<String, Double>> heldOut = new TreeMap<>();
    RunShape shape;

    @Override
    public void started(RunShape started) {
      shape = started;
    }

    @Override
    public void stepped(StepProgress progress) {
      steps.add(progress);
    }

    @Override
    public void measured(long step, SortedMap<String, Double> losses) {
      heldOut.put(step, losses);
    }
  }

  private TinyRun from(String kind, String path, String more) {
    return run.with("start { from = %s, path = \"%s\", %s }".formatted(kind, path, more));
  }

  @Test
  void stageTwoKeepsTheMomentsAndRestartsTheSchedule() throws Exception {
    Heard heard = new Heard();
    TinyRun stageTwo =
        from("checkpoint", stageOne.checkpoint().uri(), "optimizer = keep, trainer = reset")
            .with(
                "seed = 5796, optimizer.learning-rate = 0.002"
                    + ", schedule { kind = linear-with-warmup, final-fraction = 0 }");
    TrainResult result = stageTwo.train(2, "stage-2", heard);
    assertThat(heard.steps).extracting(StepProgress::step).containsExactly(1L, 2L, 3L, 4L);
    assertThat(heard.steps).extracting(StepProgress::learningRate).endsWith(0.0);
    assertThat(heard.steps.get(0).learningRate()).isEqualTo(0.002 * 0.75);
    assertThat(heard.steps.get(0).loss()).isLessThan(3.5);
    var state = CheckpointReader.open(STORAGE, result.checkpoint()).state();
    assertThat(state.step()).isEqualTo(4);
    assertThat(state.updates()).as("Adam's updates carry over").isEqualTo(16);
    Manifest manifest = Manifest.read(STORAGE, result.model());
    assertThat(manifest.inputs())
        .containsEntry("start", Manifest.read(STORAGE, stageOne.checkpoint()).digest())
        .containsKeys("data.walks", "data.sums");
    assertThat(manifest.facts()).containsEntry("loss-normalisation", "exact").containsKey("seed");
  }

  @Test
  void seedsDifferInNothingButTheOrderOfData() throws Exception {
    Heard one = new Heard();
    Heard two = new Heard();
    TinyRun stage = from("checkpoint", stageOne.checkpoint().uri(), "optimizer = keep");
    stage.with("seed = 5796").train(1, "a", one);
    stage.with("seed = 8915").train(1, "b", two);
    assertThat(one.shape.samples()).isEqualTo(two.shape.samples());
    assertThat(one.steps.get(0).loss()).isNotEqualTo(two.steps.get(0).loss());
  }

  @Test
  void keepingTheStepGoesOnWithScheduleAndData() throws Exception {
    Heard heard = new Heard();
    TinyRun longer =
        from("checkpoint", stageOne.checkpoint().uri(), "optimizer = keep, trainer = keep")
            .with("duration = 14");
    longer.train(1, "out", heard);
    assertThat(heard.steps).extracting(StepProgress::step).containsExactly(13L, 14L);
    assertThat(SampleLedger.verify(STORAGE, run.output("out"), longer.config(), 13).steps())
        .isEqualTo(2);
  }

  @Test
  void aModelFolderGivesWeightsAlone() throws Exception {
    Heard heard = new Heard();
    TrainResult result = from("model", stageOne.model().uri(), "").train(1, "out", heard);
    assertThat(heard.steps.get(0).loss()).isLessThan(3.5);
    assertThat(CheckpointReader.open(STORAGE, result.checkpoint()).state().updates()).isEqualTo(4);
  }

  @Test
  void aModelFolderIsNoCheckpoint() {
    assertThatThrownBy(() -> from("checkpoint", stageOne.model().uri(), "").train(1, "out"))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("is a model of format 1, not a checkpoint")
        .hasMessageContaining("start.from = model");
  }

  @Test
  void heldOutLossDoesNotDependOnTheNumberOfRanks() throws Exception {
    TinyRun measuring =
        from("model", stageOne.model().uri(), "")
            .with(
                "held-out { every = 2, sequences = 7, sources = [{ path = \"%s\" }] }"
                    .formatted(data.folder("held-out").uri()));
    Heard one = new Heard();
    Heard two = new Heard();
    measuring.train(1, "one", one);
    measuring.train(2, "two", two);
    assertThat(one.heldOut).containsOnlyKeys(2L, 4L).isEqualTo(two.heldOut);
    assertThat(one.heldOut.get(4L).get("held-out")).isBetween(1.0, 4.0);
  }

  @Test
  void theInstellaNormalisationCountsTheLastPositionToo() throws Exception {
    Heard exact = new Heard();
    Heard instella = new Heard();
    TinyRun one = from("model", stageOne.model().uri(), "").with("duration = 1");
    one.train(1, "exact", exact);
    one.with("loss.normalisation = instella").train(1, "instella", instella);
    // Sequences of 16 have 15 targets; the published divisor counts 16.
    assertThat(instella.steps.get(0).loss())
        .isEqualTo(exact.steps.get(0).loss() * 15 / 16, within(1e-12));
  }
}
