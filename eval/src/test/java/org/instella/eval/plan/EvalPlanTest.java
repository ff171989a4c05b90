package org.instella.eval.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.instella.conf.error.DataException;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.eval.ByteTokenizer;
import org.instella.eval.loss.DomainLoss;
import org.instella.eval.loss.HeldOutDocument;
import org.instella.eval.metric.ChoiceMetric;
import org.instella.eval.model.FixedLogitsModel;
import org.instella.eval.model.TokenLanguageModel;
import org.instella.eval.request.PairRule;
import org.instella.eval.request.SpecialTokens;
import org.instella.eval.task.EvalTask;
import org.instella.eval.task.TaskCatalog;
import org.instella.eval.task.TaskDocument;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvalPlanTest {
  @TempDir Path folder;
  private EvalTask task;
  private List<TaskDocument> documents;
  private List<HeldOutDocument> texts;
  private List<EvalUnit> units;

  @BeforeEach
  void makeWork() throws Exception {
    Random random = new Random(3);
    StringBuilder rows = new StringBuilder();
    texts = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      rows.append(
          "{\"id\":\"q%d\",\"context\":\"%s\",\"choices\":[\"%s\",\"b\"],\"gold\":%d}%n"
              .formatted(i, "x".repeat(1 + random.nextInt(80)), "ya".repeat(1 + i % 7), i % 2));
      texts.add(new HeldOutDocument("t" + i, "z".repeat(random.nextInt(90))));
    }
    Path file = Files.writeString(folder.resolve("mine.jsonl"), rows);
    Storage storage = Storage.standard();
    Location data = Location.of(folder);
    task = TaskCatalog.standard().tasks(storage, data, List.of(file.toString())).get(0);
    documents = task.documents(storage, data, Integer.MAX_VALUE);
    units = new ArrayList<>(EvalPlan.units(documents));
    units.addAll(EvalPlan.lossUnits("zs", texts));
  }

  @Test
  void everyUnitIsInExactlyOnePartition() {
    for (int count : new int[] {1, 2, 7, 50, 1000}) {
      List<EvalPartition> partitions = EvalPlan.partitions(units, count);

      List<UnitKey> keys = new ArrayList<>();
      partitions.forEach(p -> p.units().forEach(unit -> keys.add(unit.key())));
      Set<UnitKey> expected = new HashSet<>();
      units.forEach(unit -> expected.add(unit.key()));
      assertThat(keys).hasSize(units.size());
      assertThat(new HashSet<>(keys)).isEqualTo(expected);
      assertThat(partitions).hasSizeLessThanOrEqualTo(count);
      assertThat(partitions).allMatch(partition -> !partition.units().isEmpty());
    }
  }

  @Test
  void thePlanDoesNotDependOnTheOrderOfItsInput() {
    List<EvalUnit> shuffled = new ArrayList<>(units);
    Collections.shuffle(shuffled, new Random(1));

    assertThat(EvalPlan.partitions(shuffled, 5)).isEqualTo(EvalPlan.partitions(units, 5));
  }

  @Test
  void resultsAreEqualToTheBitForAnyPartitioning() {
    TaskResult expected = TaskScoring.of(task, documents, run(1));
    DomainLoss expectedLoss = LossScoring.of("zs", texts, run(1));

    for (int count : new int[] {2, 3, 16, 200}) {
      ScoredRows rows = run(count);
      assertThat(TaskScoring.of(task, documents, rows).estimates()).isEqualTo(expected.estimates());
      assertThat(TaskScoring.of(task, documents, rows).documents()).isEqualTo(expected.documents());
      assertThat(LossScoring.of("zs", texts, rows)).isEqualTo(expectedLoss);
    }
    assertThat(expected.estimates()).containsKey(ChoiceMetric.ACC_UNCOND);
    assertThat(expected.chance()).hasValue(0.5);
    assertThat(expected.documents().get(3).document().nativeId()).isEqualTo("q3");
  }

  @Test
  void aPartitionAnsweredTwiceCountsOnce() {
    ScoredRows rows = run(4);
    EvalPartition again = EvalPlan.partitions(units, 4).get(1);
    new EvalWorker(model()).run(again, rows::add);

    assertThat(TaskScoring.of(task, documents, rows).estimates())
        .isEqualTo(TaskScoring.of(task, documents, run(1)).estimates());
  }

  @Test
  void aWorkerTellsHowFarItIsAndEndsAtTheWhole() {
    EvalPartition all = EvalPlan.partitions(units, 1).get(0);
    List<Long> told = new ArrayList<>();
    new EvalWorker(model()).run(all, row -> {}, told::add);

    assertThat(told).as("one message a text and a few for the questions").hasSizeGreaterThan(40);
    assertThat(told).isSorted().endsWith(all.characters());
  }

  @Test
  void aMissingRowIsNamed() {
    ScoredRows rows = new ScoredRows();
    EvalPartition all = EvalPlan.partitions(units, 1).get(0);
    new EvalWorker(model())
        .run(
            all,
            row -> {
              UnitKey key = row.key();
              if (key.document() != 7 || key.part() != UnitKey.Part.CONDITIONAL) {
                rows.add(row);
              }
            });

    assertThatThrownBy(() -> TaskScoring.of(task, documents, rows))
        .isInstanceOf(DataException.class)
        .hasMessage("Task mine document 7 has 0 of 2 conditional answers; run its partition again");
  }

  private ScoredRows run(int partitions) {
    ScoredRows rows = new ScoredRows();
    for (EvalPartition partition : EvalPlan.partitions(units, partitions)) {
      // Through JSON, as rows travel in a cluster, and with a model of its own.
      new EvalWorker(model()).run(partition, row -> rows.add(ScoredRow.fromJson(row.toJson())));
    }
    return rows;
  }

  private static TokenLanguageModel model() {
    FixedLogitsModel network = new FixedLogitsModel(258, 64);
    return new TokenLanguageModel(
        "fixed",
        network,
        network,
        new ByteTokenizer(),
        new SpecialTokens(0, "<eos>", false),
        PairRule.LME_0_4_3);
  }
}
