package org.instella.jobs.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.instella.jobs.command.Workspace.Called;
import org.instella.jobs.progress.StopSignal;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bad input, tried as a user would meet it: one clear line, the right exit code, nothing lost. */
class CommandsTest {
  @TempDir static Path folder;
  private static Workspace workspace;

  @BeforeAll
  static void makeWorkspace() {
    workspace = Workspace.make(folder);
    Called trained = workspace.train("run");
    assertThat(trained.code()).as(trained.err()).isZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "demo",
        "pipeline",
        "train-tokenizer",
        "encode",
        "tokenize",
        "shards",
        "init",
        "train",
        "merge",
        "evaluate",
        "score",
        "generate",
        "chat",
        "inspect",
        "plan"
      })
  void everyCommandHasHelp(String command) {
    Called help = Workspace.call(command, "--help");
    assertThat(help.code()).isZero();
    assertThat(help.out()).contains("Usage: instella " + command).contains("Exit codes:");
  }

  @Test
  void anUnknownCommandIsRefusedWithTheNearestName() {
    Called called = Workspace.call("tokenise");
    assertThat(called.code()).isEqualTo(2);
    assertThat(called.problems()).hasSize(1);
    assertThat(called.err()).startsWith("instella: ").contains("did you mean tokenize?");
  }

  @Test
  void aMissingRecipeIsNamed() {
    Called called = Workspace.call("train", "--conf", workspace.name("none.conf"), "--output", "x");
    assertThat(called.code()).isEqualTo(3);
    assertThat(called.err())
        .isEqualTo("instella: Cannot open %s: not found%n".formatted(workspace.path("none.conf")));
  }

  @Test
  void allProblemsOfARecipeAreToldAtOnce() {
    Called called =
        workspace.train(
            "never",
            "--set",
            "train.optimizer.learning-rate=40",
            "--set",
            "train.sequence-length=long",
            "--set",
            "train.optimizer.warmup-step=3",
            "--set",
            "train.data.ordr=numpy");
    assertThat(called.code()).isEqualTo(2);
    assertThat(called.err())
        .contains("4 problems in train.conf")
        .contains("train.optimizer.learning-rate = 40 (--set): must be in (0, 1]")
        .contains("train.sequence-length = \"long\" (--set)")
        .contains("train.optimizer.warmup-step (--set): unknown key")
        .contains("train.data.ordr (--set): unknown key; did you mean order?");
    assertThat(workspace.path("never")).doesNotExist();
  }

  @Test
  void theDeviceOfTheCommandLineOverridesTheRecipe() {
    Called printed =
        workspace.train("never", "--set", "train.ranks=2", "--device", "gpu", "--print-conf");
    assertThat(printed.code()).as(printed.err()).isZero();
    assertThat(printed.out()).contains("train.compute.device = gpu");

    Called unknown = workspace.train("never", "--device", "tpu");
    assertThat(unknown.code()).isEqualTo(2);
    assertThat(unknown.err()).contains("Unknown device 'tpu'; use cpu, gpu or gpu:N");
  }

  @Test
  void theResolvedRecipeIsPrintedOnRequest() {
    Called called = workspace.train("never", "--set", "train.seed=8915", "--print-conf");
    assertThat(called.code()).isZero();
    assertThat(called.out()).contains("train.seed = 8915").contains("train.duration = 12 steps");
  }

  @Test
  void aCommandWithoutItsSectionSaysWhatIsMissing() {
    Called called = Workspace.call("tokenize");
    assertThat(called.code()).isEqualTo(2);
    assertThat(called.err())
        .contains("tokenize.tokenizer: missing")
        .contains("tokenize.output: missing");
  }

  @Test
  void aTruncatedGzipEndsTheJobAndPublishesNothing() throws IOException {
    byte[] whole = Files.readAllBytes(workspace.path("corpus/train/stories/stories-0000.jsonl.gz"));
    Path documents = workspace.path("cut/web");
    Files.createDirectories(documents);
    Files.write(documents.resolve("a.jsonl.gz"), Arrays.copyOf(whole, whole.length / 2));
    Called called = tokenize(workspace.name("cut"), "cut-tokens");
    assertThat(called.code()).isEqualTo(3);
    assertThat(called.problems()).hasSize(1);
    assertThat(called.err()).contains("a.jsonl.gz");
    assertThat(workspace.path("cut-tokens/web")).doesNotExist();
  }

  @Test
  void badLinesAreQuarantinedUpToTheShareAllowed() {
    String good = "{\"id\":\"%d\",\"text\":\"Once upon a time\"}\n";
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 20; i++) {
      lines.append(good.formatted(i));
    }
    workspace.write("bad/web/a.jsonl", lines + "{\"id\": broken\n");
    Called refused = tokenize(workspace.name("bad"), "bad-tokens");
    assertThat(refused.code()).isEqualTo(3);
    assertThat(refused.err()).contains("1 of 21 lines").contains("max-rejected-share");
    assertThat(workspace.path("bad-tokens/web")).doesNotExist();

    Called allowed =
        tokenize(workspace.name("bad"), "bad-tokens", "--set", "tokenize.max-rejected-share=0.1");
    assertThat(allowed.code()).as(allowed.err()).isZero();
    assertThat(workspace.path("bad-tokens/web/part-00000.rejected.jsonl"))
        .content()
        .contains("\"line\":21")
        .contains("BAD_JSON");
  }

  @Test
  void tokensAreTheSameBytesForAnyNumberOfCores() throws IOException {
    String documents = workspace.name("corpus/train");
    String small = "tokenize.shard-input=16 KiB"; // several shards a source
    for (String cores : new String[] {"1", "4"}) {
      Called called =
          tokenize(documents, "cores-" + cores, "--set", small, "--master", "local[" + cores + "]");
      assertThat(called.code()).as(called.err()).isZero();
    }
    for (String file :
        new String[] {"arithmetic/part-00003.arrow", "arithmetic/manifest.json", "manifest.json"}) {
      assertThat(workspace.path("cores-4/" + file))
          .hasSameBinaryContentAs(workspace.path("cores-1/" + file));
    }
  }

  @Test
  void aFlippedByteInAShardIsFoundBeforeTraining() throws IOException {
    Path tokens = workspace.copy("tokens/stories", "flipped/stories");
    Path shard = tokens.resolve("part-00000.arrow");
    Workspace.flip(shard, Files.size(shard) / 2);
    Called verified = Workspace.call("shards", "verify", tokens.toString());
    assertThat(verified.code()).isEqualTo(3);
    assertThat(verified.err()).contains("part-00000.arrow").contains("sha256");
    Called trained =
        workspace.train("never", "--set", "train.data.sources=[{path=\"" + tokens + "\"}]");
    assertThat(trained.code()).isEqualTo(3);
    assertThat(trained.problems()).hasSize(1);
    assertThat(trained.err()).contains("part-00000.arrow");
    assertThat(workspace.path("never")).as("a refused run leaves nothing").doesNotExist();
  }

  @Test
  void modelsThatDoNotFitAreNotMerged() {
    workspace.write(
        "init.conf",
        """
        init.model {
          layers = 2, hidden-size = 16, heads = 2, feed-forward-size = 24
          vocabulary-size = 400, max-positions = 64
        }
        """);
    Called made =
        Workspace.call(
            "init", "--conf", workspace.name("init.conf"), "--output", workspace.name("other"));
    assertThat(made.code()).as(made.err()).isZero();
    Called merged = merge("run/model," + workspace.name("other"), "never-merged");
    assertThat(merged.code()).isEqualTo(3);
    assertThat(merged.err()).contains("layers.1");
    assertThat(workspace.path("never-merged")).doesNotExist();
  }

  @Test
  void aTruncatedModelIsNamed() throws IOException {
    Path model = workspace.copy("run/model", "short-model");
    Path weights = model.resolve("model.safetensors");
    Files.write(weights, Arrays.copyOf(Files.readAllBytes(weights), 3000));
    Called merged = merge("run/model," + model, "never-merged");
    assertThat(merged.code()).isEqualTo(3);
    assertThat(merged.problems()).hasSize(1);
    assertThat(merged.err()).contains("short-model");
  }

  @Test
  void anOutputThatExistsIsNotOverwritten() {
    Called first = merge("run/model", "merged-once");
    assertThat(first.code()).as(first.err()).isZero();
    Called second = merge("run/model", "merged-once");
    assertThat(second.code()).isEqualTo(3);
    assertThat(second.err()).contains("exists already");
  }

  @Test
  void aTokenizerLargerThanTheModelIsRefused() {
    Called called = workspace.train("never", "--set", "train.model.vocabulary-size=300");
    assertThat(called.code()).isBetween(2, 3);
    assertThat(called.problems()).hasSize(1);
    assertThat(called.err()).contains("400").contains("300");
    assertThat(workspace.path("never")).as("a refused run leaves nothing").doesNotExist();
  }

  @Test
  void resumingWithAnotherRecipeNamesTheKey() {
    workspace.copy("run", "changed");
    Called called = workspace.train("changed", "--set", "train.optimizer.learning-rate=0.02");
    assertThat(called.code()).isEqualTo(2);
    assertThat(called.err()).contains("train.optimizer.learning-rate was 0.01 and is now 0.02");
  }

  @Test
  void moreRanksThanSlotsFailWithinTenSeconds() {
    Instant start = Instant.now();
    Called called = workspace.train("never", "--set", "train.ranks=4", "--master", "local[2]");
    assertThat(called.code()).isEqualTo(4);
    assertThat(called.problems()).hasSize(1);
    assertThat(called.err()).contains("needs 4 slots").contains("lacks 2 executor core(s)");
    assertThat(Duration.between(start, Instant.now())).isLessThan(Duration.ofSeconds(20));
    assertThat(workspace.path("never")).as("a refused run leaves nothing").doesNotExist();
  }

  @Test
  void aRequestToStopSavesAndTheSameCommandGoesOn() throws Exception {
    Thread stopper =
        new Thread(
            () -> {
              while (!Files.exists(workspace.path("stopped/metrics.jsonl"))) {
                Thread.onSpinWait();
              }
              StopSignal.request();
            });
    stopper.setDaemon(true);
    stopper.start();
    Called stopped = workspace.train("stopped", "--set", "train.duration=4000 steps");
    assertThat(stopped.code()).as(stopped.err()).isEqualTo(5);
    assertThat(stopped.problems()).hasSize(1);
    assertThat(stopped.err()).contains("Stopped after step").contains("the same command goes on");
    Called shorter =
        workspace.train("stopped", "--set", "train.duration=4000 steps", "--set", "train.seed=1");
    assertThat(shorter.code()).isEqualTo(2);
  }

  @Test
  void aBadLineOfEncodeIsNamedAndNothingIsWritten() {
    Path input = workspace.write("lines.jsonl", "{\"text\":\"a\"}\n{\"txt\":\"b\"}\n");
    Called called =
        Workspace.call(
            "encode",
            "--tokenizer",
            workspace.name("tokenizer"),
            "--input",
            input.toString(),
            "--output",
            workspace.name("ids.jsonl"));
    assertThat(called.code()).isEqualTo(3);
    assertThat(called.err()).contains("lines.jsonl line 2 has no \"text\"");
    assertThat(workspace.path("ids.jsonl")).doesNotExist();
  }

  @Test
  void encodeWritesOneLineOfIdsForEachText() throws IOException {
    Path input = workspace.write("texts.jsonl", "{\"text\":\"Once\"}\n{\"text\":\"\"}\n");
    Called called =
        Workspace.call(
            "encode",
            "--tokenizer",
            workspace.name("tokenizer"),
            "--input",
            input.toString(),
            "--output",
            workspace.name("texts-ids.jsonl"));
    assertThat(called.code()).as(called.err()).isZero();
    assertThat(Files.readAllLines(workspace.path("texts-ids.jsonl"), StandardCharsets.UTF_8))
        .hasSize(2)
        .element(1)
        .isEqualTo("{\"ids\":[]}");
  }

  @Test
  void generateAndScoreUseTheModelFolderAlone() throws IOException {
    Called generated =
        Workspace.call(
            "generate",
            "--model",
            workspace.name("run/model"),
            "--prompt",
            "Once",
            "--max-new-tokens",
            "3",
            "--threads",
            "1");
    assertThat(generated.code()).as(generated.err()).isZero();
    assertThat(generated.out()).startsWith("Once");
    Path pairs =
        workspace.write(
            "pairs.jsonl", "{\"context\":\"Once upon\",\"continuation\":\" a time\"}\n");
    Called scored =
        Workspace.call(
            "score",
            "--model",
            workspace.name("run/model"),
            "--input",
            pairs.toString(),
            "--output",
            workspace.name("scores.jsonl"));
    assertThat(scored.code()).as(scored.err()).isZero();
    assertThat(Files.readString(workspace.path("scores.jsonl"))).contains("\"logprob\":-");
  }

  @Test
  void inspectTellsWhatAFolderIsAndVerifiesIt() {
    Called called = Workspace.call("inspect", workspace.name("run/model"), "--verify");
    assertThat(called.code()).as(called.err()).isZero();
    assertThat(called.out()).contains("kind      model").contains("verified");
  }

  @Test
  void aDocumentIsFoundByItsIdAndByItsPosition() {
    Called found =
        Workspace.call("shards", "find", workspace.name("tokens/stories"), "--id", "stories-3");
    assertThat(found.code()).as(found.err()).isZero();
    assertThat(found.out()).contains("stories-0000.jsonl.gz line 4");
    String position = found.out().replaceAll("(?s).*tokens (\\d+) to.*", "$1");
    Called at =
        Workspace.call("shards", "inspect", workspace.name("tokens/stories"), "--at", position);
    assertThat(at.out()).startsWith("stories-3 ");
  }

  private static Called tokenize(String documents, String output, String... more) {
    List<String> arguments =
        new ArrayList<>(List.of("tokenize", "--output", workspace.name(output)));
    arguments.addAll(List.of("--set", "tokenize.tokenizer=" + workspace.name("tokenizer")));
    arguments.addAll(List.of("--set", "tokenize.folders=[\"" + documents + "\"]"));
    arguments.addAll(List.of(more));
    if (!arguments.contains("--master")) {
      arguments.addAll(List.of("--master", "local[2]"));
    }
    return Workspace.call(arguments.toArray(String[]::new));
  }

  private static Called merge(String models, String output) {
    return Workspace.call(
        "merge",
        "--models",
        models.replace("run/model", workspace.name("run/model")),
        "--output",
        workspace.name(output));
  }
}
