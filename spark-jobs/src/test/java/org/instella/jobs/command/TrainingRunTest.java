package org.instella.jobs.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkEnv;
import org.awaitility.Awaitility;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.jobs.command.Workspace.Called;
import org.instella.jobs.progress.ProgressPlugin;
import org.instella.jobs.progress.StopSignal;
import org.instella.train.journal.GoodputMeter;
import org.instella.train.journal.JournalEntry;
import org.instella.train.journal.RunJournal;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an operator sees of a run: while it goes on, after a stop, and at its end. */
class TrainingRunTest {
  private static final Storage STORAGE = Storage.standard();
  @TempDir static Path folder;
  private static Workspace workspace;
  private static Called finished;

  @BeforeAll
  static void trainOnce() {
    workspace = Workspace.make(folder);
    finished =
        workspace.train(
            "run",
            "--set",
            "train.duration=30 steps",
            "--set",
            "train.held-out={ every = 10, sequences = 4, sources = [{ path = \"%s\" }] }"
                .formatted(workspace.name("tokens/questions")),
            "--set",
            "train.checkpoint.keep-best=1",
            "--set",
            "train.monitor.weight-norms-every=10");
  }

  private static String text(String name) throws Exception {
    return Files.readString(workspace.path(name));
  }

  @Test
  void everySecondOfTheRunHasItsPlace() {
    assertThat(finished.code()).as(finished.err()).isZero();
    List<JournalEntry> journal = RunJournal.read(STORAGE, Location.of(workspace.path("run")));
    assertThat(journal)
        .extracting(JournalEntry::kind)
        .startsWith(JournalEntry.Kind.DRIVER, JournalEntry.Kind.ATTEMPT)
        .contains(JournalEntry.Kind.SAVED, JournalEntry.Kind.STEPS)
        .endsWith(JournalEntry.Kind.FINISHED);
    double wall = (journal.get(journal.size() - 1).millis() - journal.get(0).millis()) / 1e3;
    assertThat(GoodputMeter.of(journal).total()).isCloseTo(wall, within(1e-3));
    assertThat(GoodputMeter.of(journal).compute()).isPositive();
  }

  @Test
  void theReportIsOnePageWithItsCharts() throws Exception {
    String page = text("run/report.html");
    assertThat(page)
        .startsWith("<!doctype html>")
        .contains(
            "Training loss",
            "Held-out loss",
            "Learning rate",
            "Gradient norm",
            "Weight norms",
            "Tokens per second",
            "MFU, percent",
            "Where the time went",
            "Plan against measured",
            "best by held-out loss",
            "Resolved configuration")
        .contains("<polyline")
        .doesNotContain("<script", "http://", "https://", "NaN");
    assertThat(page.split("<svg", -1)).hasSizeGreaterThan(8);
  }

  @Test
  void metricsHoldWhatAnOperatorPlots() throws Exception {
    assertThat(text("run/metrics.jsonl").lines().filter(line -> line.contains("gradient_norm")))
        .hasSize(30)
        .allSatisfy(
            line ->
                assertThat(line)
                    .contains(
                        "\"loss\":",
                        "\"learning_rate\":",
                        "\"mfu\":",
                        "\"mfu_full_attention\":",
                        "\"tokens_per_second_per_device\":"))
        .last()
        .asString()
        .contains("\"weight_norms\":{\"all\":");
    assertThat(STORAGE.list(Location.of(workspace.path("run/tensorboard")))).hasSize(1);
  }

  @Test
  void inspectTellsOfAFinishedRunAndProvesItsLedger() {
    Called called =
        Workspace.call(
            "inspect",
            workspace.name("run"),
            "--report",
            "--ledger",
            workspace.trainRecipe().toString(),
            "--set",
            "train.duration=30 steps");
    assertThat(called.code()).as(called.err()).isZero();
    assertThat(called.out())
        .contains("status       finished")
        .contains("step         30 of 30")
        .contains("MFU")
        .contains("compute")
        .contains("plan against measured")
        .contains("best         step-")
        .contains("ledger: 30 steps, none missing and none twice; 120 samples");
  }

  @Test
  void planTellsWhatARunTookAgainstWhatWasPromised() {
    Called called =
        Workspace.call(
            "plan",
            "--conf",
            workspace.trainRecipe().toString(),
            "--ranks",
            "1",
            "--run",
            workspace.name("run"));
    assertThat(called.code()).as(called.err()).isZero();
    assertThat(called.out())
        .contains("spark.executor.memoryOverhead=")
        .containsPattern("tokens per second +[\\d,]+ +[\\d,]+")
        .containsPattern("bytes of a checkpoint +[\\d.]+ MB +[\\d.]+ MB");
  }

  @Test
  void aRunCanBeLookedAtWhileItGoesOnAndItsNumbersAreInSparksMetrics() throws Exception {
    CompletableFuture<Called> run =
        CompletableFuture.supplyAsync(
            () -> workspace.train("long", "--set", "train.duration=40000 steps"));
    try {
      Awaitility.await()
          .atMost(120, TimeUnit.SECONDS)
          .until(() -> run.isDone() || gauge("train.loss"));
      assertThat(gauge("train.tokens-per-second")).isTrue();
      assertThat(gauge("train.mfu")).isTrue();
      Called called = Workspace.callBeside("inspect", workspace.name("long"), "--report");
      assertThat(called.code()).as(called.err()).isZero();
      assertThat(called.out())
          .contains("status       running (last sign")
          .containsPattern("left +\\d+ .* for [\\d,]+ steps");
      assertThat(text("long/report.html")).contains("running");
    } finally {
      StopSignal.request();
    }
    assertThat(run.get(120, TimeUnit.SECONDS).code()).isEqualTo(5);
    assertThat(Workspace.call("inspect", workspace.name("long")).out())
        .contains("status       stopped: Stopped after step");
    assertThat(gauge("train.loss")).as("a run that ended leaves no metrics").isFalse();
  }

  private static boolean gauge(String name) {
    SparkEnv env = SparkEnv.get();
    if (env == null) {
      return false;
    }
    var sources = env.metricsSystem().getSourcesByName("plugin." + ProgressPlugin.class.getName());
    return sources.nonEmpty() && sources.head().metricRegistry().getGauges().containsKey(name);
  }
}
