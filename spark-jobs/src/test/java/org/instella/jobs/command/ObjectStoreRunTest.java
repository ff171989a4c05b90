package org.instella.jobs.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.instella.conf.storage.FileEntry;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.S3Server;
import org.instella.conf.storage.Storage;
import org.instella.jobs.command.Workspace.Called;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A pipeline whose files are all in an object store, with ranks in processes of their own, one of
 * which is killed: the bytes are those of a quiet run on the local disk.
 */
class ObjectStoreRunTest {
  private static final Storage STORAGE = Storage.standard();
  private static final String SECRET = "never-to-be-written-anywhere";
  private static final int STEPS = 500;

  /** What is the same wherever it runs: {@code %1$d} steps, and more settings of the training. */
  private static final String PIPELINE =
      """
      pipeline.steps {
        corpus.demo-corpus { size = small }
        tokenizer.train-tokenizer { vocabulary-size = 400, folders = ["@corpus/train"] }
        tokens.tokenize { tokenizer = "@tokenizer", folders = ["@corpus/train"] }
        run.train {
          ranks = 2
          seed = 5796
          sequence-length = 32
          global-batch = 4
          micro-batch = 1
          duration = %1$d steps
          tokenizer = "@tokenizer"
          model {
            layers = 1, hidden-size = 16, heads = 2, feed-forward-size = 24
            vocabulary-size = 400, max-positions = 64
          }
          data.sources = [{ path = "@tokens/stories" }, { path = "@tokens/questions" }]
          optimizer { learning-rate = 1e-2, clip-norm = 1.0 }
          checkpoint { every = 50 steps, keep = 2 }
          %2$s
        }
      }
      spark.ui.enabled = false
      """;

  private static final String KILL =
      "chaos { asked = true, every = 300ms, at-most = 1, kinds = [kill] }";

  private static final String OUTPUT = "s3a://programme/runs";

  @TempDir static Path folder;
  private static S3Server server;
  private static List<String> connection;

  @BeforeAll
  static void startStore() throws Exception {
    server = S3Server.start();
    connection =
        server.settings().entrySet().stream()
            .map(ObjectStoreRunTest::withSecret)
            .map(
                setting ->
                    "--set=spark.hadoop.\"%s\"=\"%s\""
                        .formatted(setting.getKey(), setting.getValue()))
            .toList();
  }

  private static Map.Entry<String, String> withSecret(Map.Entry<String, String> setting) {
    return setting.getKey().endsWith("secret.key") ? Map.entry(setting.getKey(), SECRET) : setting;
  }

  @AfterAll
  static void stopStore() {
    server.close();
  }

  private static Called pipeline(String output, String master, String more, List<String> sets)
      throws Exception {
    Path recipe = Files.writeString(folder.resolve("p.conf"), PIPELINE.formatted(STEPS, more));
    List<String> arguments =
        new ArrayList<>(List.of("pipeline", "--conf", recipe.toString(), "--output", output));
    if (!master.isEmpty()) {
      arguments.addAll(List.of("--master", master));
    }
    arguments.addAll(sets);
    return Workspace.call(arguments.toArray(String[]::new));
  }

  @Test
  @Timeout(value = 600, unit = TimeUnit.SECONDS)
  void aProgrammeInAnObjectStoreHasTheBytesOfALocalOne() throws Exception {
    Called local = pipeline(folder.resolve("local").toString(), "local[2]", "", List.of());
    assertThat(local.code()).as(local.err()).isZero();
    Called remote = pipeline(OUTPUT, "", KILL, connection);
    assertThat(remote.code()).as(remote.err()).isZero();

    assertThat(text("run/chaos.jsonl")).contains("\"kind\":\"kill\"");
    assertThat(text("run/metrics.jsonl").lines().filter(line -> line.contains("gradient_norm")))
        .as("every step once")
        .hasSize(STEPS);
    for (String file :
        List.of(
            "run/model/model.safetensors",
            "tokens/stories/part-00000.arrow",
            "tokenizer/tokenizer.json")) {
      assertThat(bytes(file))
          .as(file)
          .isEqualTo(Files.readAllBytes(folder.resolve("local").resolve(file)));
    }
    assertThat(text("run/report.html")).startsWith("<!doctype html>");
    assertThatTheLedgerIsWhole();
    assertThatItIsDone();
    assertThatAMergeReadsAndWritesThere();
    assertThatNothingIsLeftAndNothingTold();
  }

  private static void assertThatTheLedgerIsWhole() throws Exception {
    Path recipe =
        Files.writeString(
            folder.resolve("train.conf"),
            PIPELINE
                .formatted(STEPS, "")
                .lines()
                .dropWhile(line -> !line.contains("run.train"))
                .takeWhile(line -> !line.equals("}"))
                .collect(Collectors.joining("\n"))
                .replace("run.train", "train")
                .replace("@", OUTPUT + "/"));
    Called called = Workspace.call("inspect", OUTPUT + "/run", "--ledger", recipe.toString());
    assertThat(called.code()).as(called.err()).isZero();
    assertThat(called.out())
        .contains("ledger: %d steps, none missing and none twice".formatted(STEPS));
  }

  private static void assertThatItIsDone() throws Exception {
    String journal = text("run/journal.jsonl");
    Called again = pipeline(OUTPUT, "", KILL, connection);
    assertThat(again.code()).as(again.err()).isZero();
    assertThat(text("run/journal.jsonl")).as("nothing is made again").isEqualTo(journal);
  }

  private static void assertThatAMergeReadsAndWritesThere() throws Exception {
    String models = OUTPUT + "/run/model," + folder.resolve("local/run/model");
    Called merged = Workspace.call("merge", "--models", models, "--output", OUTPUT + "/merged");
    assertThat(merged.code()).as(merged.err()).isZero();
    assertThat(bytes("merged/model.safetensors"))
        .as("mean of two equal models, in another layout of the same tensors")
        .hasSameSizeAs(bytes("run/model/model.safetensors"));
    Called refused = Workspace.call("merge", "--models", models, "--output", OUTPUT + "/merged");
    assertThat(refused.code()).isEqualTo(3);
    assertThat(refused.err()).contains("exists already and is not overwritten");
  }

  private static void assertThatNothingIsLeftAndNothingTold() throws Exception {
    for (FileEntry file : STORAGE.listFiles(Location.of(OUTPUT))) {
      assertThat(file.location().uri()).doesNotContain("._");
      assertThat(
              new String(STORAGE.readBytes(file.location(), 1 << 26), StandardCharsets.ISO_8859_1))
          .as(file.location().uri())
          .doesNotContain(SECRET);
    }
  }

  private static byte[] bytes(String file) {
    return STORAGE.readBytes(Location.of(OUTPUT + "/" + file), 1 << 26);
  }

  private static String text(String file) {
    return new String(bytes(file), StandardCharsets.UTF_8);
  }
}
