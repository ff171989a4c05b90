package org.instella.jobs.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.instella.conf.error.DataException;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.jobs.Job;
import org.instella.jobs.JobContext;
import org.instella.jobs.JobError;
import org.instella.jobs.JobResult;
import org.instella.jobs.cluster.Cluster;
import org.instella.jobs.cluster.ClusterConfig;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PipelineRunTest {
  private static final Storage STORAGE = Storage.standard();
  private static Cluster cluster;

  @TempDir Path folder;
  private final List<String> ran = Collections.synchronizedList(new ArrayList<>());

  @BeforeAll
  static void start() {
    cluster = Cluster.open("test", ClusterConfig.embedded().withMaster("local[2]"), 1);
  }

  @AfterAll
  static void stop() {
    cluster.close();
  }

  /** Writes a manifest that says which content it was given, or fails. */
  private record FakeJob(String content, boolean fails, List<String> ran) implements Job {
    @Override
    public List<Location> inputs() {
      return List.of();
    }

    @Override
    public int slots(int total) {
      return 1;
    }

    @Override
    public JobResult run(JobContext context) {
      ran.add(context.name());
      if (fails) {
        throw new DataException(JobError.BAD_INPUT, "line 7 is broken");
      }
      STORAGE.delete(context.output());
      Manifest.builder("fake", 1)
          .fact("content", content)
          .build()
          .writeTo(STORAGE, context.output());
      return new JobResult(context.output(), content);
    }
  }

  private PipelineStep step(String name, String content, boolean fails, String... needs) {
    TreeMap<String, String> configuration = new TreeMap<>(Map.of("content", content));
    Location output = Location.of(folder).resolve(name);
    return new PipelineStep(
        name,
        "fake",
        new FakeJob(content, fails, ran),
        output,
        new TreeSet<>(List.of(needs)),
        configuration);
  }

  private PipelineRun run(PipelineStep... steps) {
    ran.clear();
    return new PipelineRun(
        new Pipeline(Location.of(folder), List.of(steps)), STORAGE, () -> cluster);
  }

  @Test
  void whatIsDoneIsNotDoneAgain() {
    run(step("a", "1", false), step("b", "2", false, "a")).run();
    assertThat(ran).containsExactly("a", "b");
    PipelineRun again = run(step("a", "1", false), step("b", "2", false, "a"));
    assertThat(again.describe()).allMatch(line -> line.startsWith("done"));
    again.run();
    assertThat(ran).isEmpty();
  }

  @Test
  void aChangedSettingRunsItsStepAndThoseBehindItAndKeepsWhatWasThere() {
    run(step("a", "1", false), step("b", "2", false, "a"), step("c", "3", false)).run();
    PipelineRun changed =
        run(step("a", "9", false), step("b", "2", false, "a"), step("c", "3", false));
    assertThat(changed.describe().get(0)).startsWith("to run").contains("content: 1 -> 9");
    assertThat(changed.describe().get(1)).contains("needs a, which runs");
    changed.run();
    assertThat(ran).containsExactly("a", "b");
    assertThat(STORAGE.list(Location.of(folder).resolve(".replaced"))).hasSize(2);
  }

  @Test
  void aStepWithTheSameResultDoesNotDisturbThoseBehindIt() {
    run(step("a", "1", false), step("b", "2", false, "a")).run();
    STORAGE.delete(Location.of(folder).resolve("a"));
    run(step("a", "1", false), step("b", "2", false, "a")).run();
    assertThat(ran).containsExactly("a");
  }

  @Test
  void aFailureStopsWhatNeedsItAndNothingElse() {
    PipelineRun run =
        run(
            step("a", "1", false),
            step("seed-1", "1", true, "a"),
            step("seed-2", "2", false, "a"),
            step("merged", "3", false, "seed-1", "seed-2"));
    assertThatThrownBy(run::run)
        .isInstanceOf(DataException.class)
        .hasMessage("seed-1: line 7 is broken");
    assertThat(ran).containsExactlyInAnyOrder("a", "seed-1", "seed-2");
    PipelineRun again =
        run(
            step("a", "1", false),
            step("seed-1", "1", false, "a"),
            step("seed-2", "2", false, "a"),
            step("merged", "3", false, "seed-1", "seed-2"));
    again.run();
    assertThat(ran).containsExactly("seed-1", "merged");
  }
}
