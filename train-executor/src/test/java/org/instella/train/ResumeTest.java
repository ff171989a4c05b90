package org.instella.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.error.EnvironmentException;
import org.instella.conf.error.InstellaException;
import org.instella.conf.error.StoppedException;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.storage.FailingStorage;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.train.checkpoint.CheckpointReader;
import org.instella.train.checkpoint.Checkpoints;
import org.instella.train.parallel.ThreadRanks;
import org.instella.train.parallel.ThreadRanks.Outcome;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** A run that was interrupted ends with the bytes of the run that was not. */
class ResumeTest {
  private static final Storage STORAGE = Storage.standard();
  @TempDir static Path folder;
  private static TinyRun data;
  private static TrainResult quiet;
  @TempDir Path scratch;
  private TinyRun run;

  @BeforeAll
  static void trainUndisturbed() throws Exception {
    data = TinyRun.in(folder);
    quiet = data.train(1, "quiet");
  }

  @BeforeEach
  void useOwnOutputs() {
    run = data.into(scratch);
  }

  /** Ends the attempt as a crash does, after so many steps of it. */
  private static final class Crash implements TrainListener {
    private int stepsLeft;

    Crash(int steps) {
      stepsLeft = steps;
    }

    @Override
    public void stepped(StepProgress progress) {
      if (--stepsLeft == 0) {
        throw new IllegalStateException("crash for the test");
      }
    }
  }

  private void crash(TinyRun tiny, int ranks, String output, int steps) throws Exception {
    List<Outcome<TrainResult>> outcomes =
        ThreadRanks.outcomes(
            ranks,
            0,
            60,
            rank ->
                Trainer.run(tiny.config(), tiny.on(rank, output, new Crash(steps), () -> false)));
    assertThat(outcomes.get(0).failure()).hasMessageContaining("crash for the test");
    for (Outcome<TrainResult> other : outcomes.subList(1, ranks)) {
      assertThat(other.failure())
          .isInstanceOf(EnvironmentException.class)
          .hasMessageContaining("rank 0 gave up: crash for the test");
    }
  }

  private void assertSameEnd(TinyRun tiny, TrainResult actual, TrainResult expected) {
    for (String file : List.of("model.safetensors", "config.json")) {
      assertThat(tiny.bytes(actual.model().resolve(file)))
          .as(file)
          .isEqualTo(tiny.bytes(expected.model().resolve(file)));
    }
    assertThat(CheckpointReader.open(STORAGE, actual.checkpoint()).state())
        .isEqualTo(CheckpointReader.open(STORAGE, expected.checkpoint()).state());
    assertThat(actual.loss()).isEqualTo(expected.loss());
    Location output = actual.model().parent();
    assertThat(SampleLedger.verify(STORAGE, output, tiny.config(), 1).steps())
        .isEqualTo(actual.step());
  }

  static Stream<Arguments> interruptions() {
    List<Arguments> cases = new ArrayList<>();
    for (int step : new int[] {1, 4, 5, 11}) {
      cases.add(Arguments.of(step, 1, 1, step % 2 == 0));
    }
    cases.add(Arguments.of(5, 2, 2, true));
    cases.add(Arguments.of(10, 2, 2, false));
    cases.add(Arguments.of(6, 2, 1, true));
    cases.add(Arguments.of(9, 1, 4, true));
    cases.add(Arguments.of(7, 4, 2, false));
    return cases.stream();
  }

  @ParameterizedTest(name = "crash after step {0}, {1} ranks, then {2}, background {3}")
  @MethodSource("interruptions")
  void aCrashAtAnyStepChangesNothing(int step, int before, int after, boolean background)
      throws Exception {
    TinyRun tiny = run.with("checkpoint.background = " + background);
    crash(tiny, before, "crashed", step);
    TrainResult resumed = tiny.train(after, "crashed");
    assertSameEnd(tiny, resumed, quiet);
  }

  @Test
  void manyCrashesChangeNothing() throws Exception {
    TinyRun often = run.with("checkpoint.every = 2");
    for (int steps : new int[] {3, 2, 3, 4}) {
      crash(often, steps % 2 == 0 ? 1 : 2, "crashed", steps);
    }
    assertSameEnd(often, often.train(2, "crashed"), quiet);
  }

  @ParameterizedTest(name = "{0} ranks")
  @CsvSource({"1", "2"})
  void aStopRequestSavesAndTheRunGoesOnFromThere(int ranks) throws Exception {
    AtomicInteger asked = new AtomicInteger();
    List<Outcome<TrainResult>> outcomes =
        ThreadRanks.outcomes(
            ranks,
            0,
            60,
            rank ->
                Trainer.run(
                    run.config(),
                    // Only the last rank hears of it; all stop together.
                    run.on(
                        rank,
                        "stopped",
                        TrainListener.silent(),
                        () -> rank.index() == ranks - 1 && asked.incrementAndGet() >= 6)));
    assertThat(outcomes)
        .allSatisfy(
            outcome ->
                assertThat(outcome.failure())
                    .isInstanceOf(StoppedException.class)
                    .hasMessageContaining("Stopped after step 6 of 12"));
    Losses rest = new Losses();
    TrainResult resumed = run.train(ranks, "stopped", rest);
    assertThat(rest.steps).containsExactly(7L, 8L, 9L, 10L, 11L, 12L);
    assertSameEnd(run, resumed, quiet);
  }

  private static final class Losses implements TrainListener {
    final List<Long> steps = new ArrayList<>();

    @Override
    public void stepped(StepProgress progress) {
      steps.add(progress.step());
    }
  }

  @Test
  void aFinishedRunIsNotMadeAgain() throws Exception {
    TrainResult first = run.train(1, "out");
    String digest = Manifest.read(STORAGE, first.model()).digest();
    Losses again = new Losses();
    TrainResult second = run.train(2, "out", again);
    assertThat(again.steps).isEmpty();
    assertThat(second).isEqualTo(first);
    assertThat(Manifest.read(STORAGE, second.model()).digest()).isEqualTo(digest);
  }

  @Test
  void aChangedRecipeIsNamedKeyByKey() throws Exception {
    run.train(1, "out");
    TinyRun changed = run.with("optimizer.weight-decay = 0.2, seed = 5796, checkpoint.keep = 7");
    assertThatThrownBy(() -> changed.train(1, "out"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("train.optimizer.weight-decay was 0.1 and is now 0.2")
        .hasMessageContaining("train.seed was 6198 and is now 5796")
        .hasMessageNotContaining("keep");
  }

  @Test
  void otherDataUnderTheSameNameIsNamed() throws Exception {
    TinyRun own = TinyRun.in(scratch).with("duration = 2");
    own.train(1, "out");
    STORAGE.delete(own.folder("sums"));
    own.dataset("sums", TinyRun.TOKENIZER, 99, 700);
    assertThatThrownBy(() -> own.train(1, "out"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("train.data.sums (digest) was");
  }

  @Test
  void aLongerRunNeedsToSaySo() throws Exception {
    TinyRun shorter = run.with("schedule.kind = constant, duration = 3");
    TinyRun longer = run.with("schedule.kind = constant, duration = 5");
    shorter.train(1, "out");
    assertThatThrownBy(() -> longer.train(1, "out"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("train.duration was 3 steps and is now 5 steps")
        .hasMessageContaining("train.extend = true");
    TrainResult extended = longer.with("extend = true").train(1, "out");
    assertThat(Manifest.read(STORAGE, extended.model()).longFact("step")).isEqualTo(5);
    assertSameEnd(longer, extended, longer.train(1, "long"));
  }

  @Test
  void aDamagedCheckpointIsSetAsideAndTheOneBeforeServes() throws Exception {
    // In the background a crash may come before step 8 is published.
    crash(run.with("checkpoint.background = false"), 1, "damaged", 11);
    Checkpoints checkpoints = new Checkpoints(STORAGE, run.output("damaged"));
    assertThat(checkpoints.newestFirst()).extracting(Checkpoints.Found::step).contains(8L);
    Checkpoints.Found newest = checkpoints.newestFirst().get(0);
    flipByte(newest.folder().resolve("optimizer/rank-00000-of-00001.safetensors"));
    Losses rest = new Losses();
    TrainResult resumed = run.train(2, "damaged", rest);
    assertThat(rest.steps.get(0)).isLessThan(newest.step());
    assertSameEnd(run, resumed, quiet);
    assertThat(STORAGE.list(run.output("damaged")))
        .anySatisfy(entry -> assertThat(entry.location().name()).startsWith("._damaged-step-"));
  }

  private static void flipByte(Location file) throws IOException {
    try (RandomAccessFile bytes = new RandomAccessFile(file.toLocalPath().toFile(), "rw")) {
      bytes.seek(bytes.length() / 2);
      int value = bytes.read();
      bytes.seek(bytes.length() / 2);
      bytes.write(value ^ 1);
    }
  }

  @Test
  void onlyTheNewestAndTheKeptMultiplesStay() throws Exception {
    TinyRun often =
        run.with("checkpoint { every = 1, keep = 2, keep-every = 5, background = false }");
    often.train(1, "out");
    assertThat(new Checkpoints(STORAGE, often.output("out")).newestFirst())
        .extracting(Checkpoints.Found::step)
        .containsExactly(12L, 11L, 10L, 5L);
  }

  @Test
  void aWriteThatFailsAnywhereLeavesTheRunResumable() throws Exception {
    failAt(43);
  }

  @Tag("long")
  @Test
  void aWriteThatFailsAtEveryIndexLeavesTheRunResumable() throws Exception {
    failAt(1);
  }

  private void failAt(int stride) throws Exception {
    TinyRun tiny = run.with("duration = 5, checkpoint { every = 2, keep = 1 }");
    TrainResult quiet = tiny.train(1, "quiet");
    int tried = 0;
    for (int call = 0; ; call += stride) {
      String output = String.format(Locale.ROOT, "failed-%04d", call);
      FailingStorage failing = new FailingStorage(STORAGE, call);
      List<Outcome<TrainResult>> outcomes =
          ThreadRanks.outcomes(
              1,
              0,
              60,
              rank ->
                  Trainer.run(
                      tiny.config(),
                      tiny.on(failing).on(rank, output, TrainListener.silent(), () -> false)));
      if (!failing.failed()) {
        break;
      }
      tried++;
      assertThat(outcomes.get(0).failure())
          .as("call %d", call)
          .isInstanceOf(InstellaException.class);
      for (Checkpoints.Found found : new Checkpoints(STORAGE, tiny.output(output)).newestFirst()) {
        CheckpointReader.open(STORAGE, found.folder()).verify(0, 1);
      }
      assertSameEnd(tiny, tiny.train(1, output), quiet);
      STORAGE.delete(tiny.output(output));
    }
    assertThat(tried).as("writes that were broken").isGreaterThan(2);
  }
}
