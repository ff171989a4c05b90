package org.instella.tokenize.document;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.instella.conf.storage.Location;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class WorkPackingTest {

  @Test
  void groupsSmallFilesAndCutsLargeDivisibleOnes() {
    List<WorkUnit> units =
        WorkPacking.units(
            List.of(
                file("a.jsonl.gz", 40),
                file("b.jsonl.gz", 50),
                file("c.jsonl.gz", 30),
                file("d.jsonl", 250),
                file("e.jsonl.gz", 900),
                file("f.jsonl.gz", 1)),
            100);
    assertThat(units)
        .extracting(
            unit ->
                unit.name() + unit.slices().stream().map(s -> s.label() + "+" + s.bytes()).toList())
        .containsExactly(
            "part-00000[a.jsonl.gz+40, b.jsonl.gz+50]",
            "part-00001[c.jsonl.gz+30]",
            "part-00002[d.jsonl+100]",
            "part-00003[d.jsonl#100+100]",
            "part-00004[d.jsonl#200+50]",
            "part-00005[e.jsonl.gz+900]",
            "part-00006[f.jsonl.gz+1]");
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void unitsDependOnTheFilesAloneAndTasksShareThemEvenly(long seed) {
    Random random = new Random(seed);
    List<InputFile> files = new ArrayList<>();
    for (int i = 0; i < 1 + random.nextInt(60); i++) {
      files.add(file("f%03d.jsonl.gz".formatted(i), random.nextInt(1000)));
    }
    int target = 1 + random.nextInt(1500);
    List<WorkUnit> units = WorkPacking.units(files, target);
    List<InputFile> shuffled = new ArrayList<>(files);
    Collections.shuffle(shuffled, random);
    assertThat(WorkPacking.units(shuffled, target)).isEqualTo(units);
    assertThat(units.stream().flatMap(unit -> unit.slices().stream()).map(InputSlice::file))
        .containsExactlyElementsOf(files);

    int tasks = 1 + random.nextInt(9);
    List<List<WorkUnit>> spread = WorkPacking.tasks(units, tasks);
    assertThat(spread.stream().flatMap(List::stream)).containsExactlyInAnyOrderElementsOf(units);
    // Graham 1969: largest first is never worse than 4/3 of the best, which is at least this.
    long largest = units.stream().mapToLong(WorkUnit::bytes).max().orElse(0);
    double bound =
        Math.max(
            (double) largest, files.stream().mapToLong(InputFile::bytes).sum() / (double) tasks);
    for (List<WorkUnit> task : spread) {
      assertThat(task.stream().mapToLong(WorkUnit::bytes).sum())
          .isLessThanOrEqualTo((long) (bound * 4 / 3) + largest / 3 + 1);
    }
  }

  static LongStream seeds() {
    return LongStream.range(0, 100);
  }

  @Test
  void anEmptyFileIsInAUnitToo() {
    assertThat(WorkPacking.units(List.of(file("a.jsonl", 0)), 100))
        .singleElement()
        .satisfies(unit -> assertThat(unit.slices()).hasSize(1));
    assertThat(WorkPacking.tasks(List.of(), 4)).isEmpty();
  }

  private static InputFile file(String name, long bytes) {
    return new InputFile(
        Location.of("/in/" + name), name, bytes, InputFormat.of(name).orElseThrow());
  }
}
