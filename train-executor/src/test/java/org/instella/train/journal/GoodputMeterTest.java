package org.instella.train.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.train.monitor.StepTimes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class GoodputMeterTest {
  private static final double MILLISECOND = 1e-3;
  @TempDir Path folder;

  private final List<JournalEntry> journal = new ArrayList<>();

  private void at(double seconds, JournalEntry.Kind kind, long step, StepTimes times) {
    journal.add(new JournalEntry(Math.round(1000 * seconds), kind, step, times, new TreeMap<>()));
  }

  private void at(double seconds, JournalEntry.Kind kind, long step) {
    at(seconds, kind, step, StepTimes.NONE);
  }

  @Test
  void everySecondOfARunWithALossHasItsPlace() {
    at(100, JournalEntry.Kind.DRIVER, 0);
    at(110, JournalEntry.Kind.ATTEMPT, 1); // 10 s to the first attempt
    at(131, JournalEntry.Kind.STEPS, 10, new StepTimes(20, 1, 2, 3)); // 1 s before the first step
    at(141, JournalEntry.Kind.STEPS, 15, new StepTimes(30, 1, 2, 3)); // 10 s of compute
    at(144, JournalEntry.Kind.LOST, 15); // 3 s of a step that was lost
    at(151, JournalEntry.Kind.ATTEMPT, 11); // 7 s to the second attempt, from step 10
    at(161, JournalEntry.Kind.STEPS, 15, new StepTimes(10, 0, 1, 0)); // made before
    at(181, JournalEntry.Kind.STEPS, 25, new StepTimes(30, 2, 3, 0));
    at(186, JournalEntry.Kind.FINISHED, 25, new StepTimes(34, 2, 3, 4)); // 4 s of the last save
    Goodput goodput = GoodputMeter.of(journal);
    assertThat(goodput)
        .isEqualTo(
            new Goodput(
                14 + 10 + 16, // compute
                1 + 2, // data
                2 + 2, // communication
                3 + 4, // checkpoint
                10 + 1 + 3 + 7, // restart
                10, // recompute
                1)); // after the last save
    assertThat(goodput.total()).isEqualTo(86);
  }

  @Test
  void theTimeBetweenTwoCommandsIsIdle() {
    at(0, JournalEntry.Kind.DRIVER, 0);
    at(2, JournalEntry.Kind.ATTEMPT, 1);
    at(12, JournalEntry.Kind.STEPS, 10, new StepTimes(10, 0, 0, 0));
    at(3600, JournalEntry.Kind.DRIVER, 0); // the first driver was killed
    at(3605, JournalEntry.Kind.ATTEMPT, 6);
    at(3615, JournalEntry.Kind.FINISHED, 15, new StepTimes(10, 0, 0, 0));
    assertThat(GoodputMeter.of(journal)).isEqualTo(new Goodput(15, 0, 0, 0, 2 + 5, 5, 3588));
  }

  @Test
  void aStretchThatIsPartlyMadeAgainIsSharedByItsSteps() {
    at(0, JournalEntry.Kind.ATTEMPT, 1);
    at(10, JournalEntry.Kind.STEPS, 10, new StepTimes(10, 0, 0, 0));
    at(10, JournalEntry.Kind.ATTEMPT, 7);
    at(18, JournalEntry.Kind.STEPS, 14, new StepTimes(8, 0, 2, 0)); // 7 to 10 again, 11 to 14 new
    assertThat(GoodputMeter.of(journal)).isEqualTo(new Goodput(13, 0, 1, 0, 0, 4, 0));
  }

  static LongStream seeds() {
    return LongStream.range(0, 200);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void thePartsAddUpToTheWallTimeWhateverHappens(long seed) {
    Random random = new Random(seed);
    double now = 1000;
    double start = now;
    long step = 0;
    StepTimes times = StepTimes.NONE;
    at(now, JournalEntry.Kind.DRIVER, 0);
    for (int i = 0; i < 200; i++) {
      now = Math.round(1000 * (now + 10 * random.nextDouble())) / 1e3;
      JournalEntry.Kind kind =
          JournalEntry.Kind.values()[random.nextInt(JournalEntry.Kind.values().length)];
      switch (kind) {
        case ATTEMPT -> {
          step = Math.max(0, step - random.nextInt(5));
          times = StepTimes.NONE;
          at(now, kind, step + 1);
        }
        case STEPS, STOPPED, FINISHED -> {
          step += random.nextInt(4);
          double total = 12 * random.nextDouble(); // sometimes more than fits
          times = times.plus(new StepTimes(total, 0.1 * total, 0.2 * total, 0.3 * total));
          at(now, kind, step, times);
        }
        default -> at(now, kind, step);
      }
    }
    at(now, JournalEntry.Kind.LOST, step);
    Goodput goodput = GoodputMeter.of(journal);
    assertThat(goodput.total()).isCloseTo(now - start, within(MILLISECOND));
    assertThat(goodput.parts().values()).allSatisfy(part -> assertThat(part).isNotNegative());
  }

  @Test
  void theAccountSurvivesRestartsOfTheDriver() {
    Location output = Location.of(folder);
    Instant start = Instant.parse("2026-11-22T06:00:00Z");
    try (RunJournal first = RunJournal.open(Storage.standard(), output, at(start))) {
      first.attempt(1, new TreeMap<>(Map.of("ranks", "2")));
    }
    try (RunJournal second =
        RunJournal.open(Storage.standard(), output, at(start.plusSeconds(60)))) {
      assertThat(second.goodput().idle()).isEqualTo(60);
      second.write(JournalEntry.Kind.LOST, 3, StepTimes.NONE, Map.of("why", "rank 1 was killed"));
    }
    List<JournalEntry> read = RunJournal.read(Storage.standard(), output);
    assertThat(read)
        .extracting(JournalEntry::kind)
        .containsExactly(
            JournalEntry.Kind.DRIVER,
            JournalEntry.Kind.ATTEMPT,
            JournalEntry.Kind.DRIVER,
            JournalEntry.Kind.LOST);
    assertThat(read.get(1).facts()).containsEntry("ranks", "2");
    assertThat(read.get(3).facts()).containsEntry("why", "rank 1 was killed");
  }

  @Test
  void aRunThatNeverBeganLeavesNothingUnlessSomebodyWantsToKnow() {
    Location output = Location.of(folder).resolve("refused");
    Instant start = Instant.parse("2026-11-22T06:00:00Z");
    try (RunJournal refused = RunJournal.open(Storage.standard(), output, at(start))) {
      refused.write(JournalEntry.Kind.STOPPED, 0, StepTimes.NONE, Map.of("why", "bad recipe"));
    }
    assertThat(folder.resolve("refused")).doesNotExist();
    try (RunJournal failed = RunJournal.open(Storage.standard(), output, at(start))) {
      failed.keep();
      failed.write(JournalEntry.Kind.STOPPED, 0, StepTimes.NONE, Map.of("why", "no network"));
    }
    try (RunJournal again = RunJournal.open(Storage.standard(), output, at(start))) {
      assertThat(RunJournal.read(Storage.standard(), output))
          .as("a journal that is there is written at once")
          .extracting(JournalEntry::kind)
          .containsExactly(
              JournalEntry.Kind.DRIVER, JournalEntry.Kind.STOPPED, JournalEntry.Kind.DRIVER);
    }
  }

  private static Clock at(Instant instant) {
    return Clock.fixed(instant, ZoneOffset.UTC);
  }
}
