package org.instella.jobs.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.jobs.command.Workspace.Called;
import org.instella.jobs.progress.StopSignal;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Merging, comparing and searching as a user calls them, on three small models. */
class MergeCommandTest {
  private static final String MODEL =
      """
      init {
        tokenizer = "%s/tokenizer"
        model {
          layers = 2, hidden-size = 16, heads = 2, feed-forward-size = 24
          vocabulary-size = 400, max-positions = 64
        }
      }
      """;

  @TempDir static Path folder;
  private static Workspace workspace;

  @BeforeAll
  static void makeModels() {
    workspace = Workspace.make(folder);
    Path recipe = workspace.write("init.conf", MODEL.formatted(folder));
    for (String seed : List.of("1", "2", "3")) {
      String output = workspace.name("runs/seed-" + seed + "/model");
      Called made =
          Workspace.call(
              "init",
              "--conf",
              recipe.toString(),
              "--set",
              "init.seed=" + seed,
              "--output",
              output);
      assertThat(made.code()).as(made.err()).isZero();
    }
  }

  private static String models(String... names) {
    return String.join(
        ",", Stream.of(names).map(name -> workspace.name("runs/" + name + "/model")).toList());
  }

  private static Called merge(String output, String... more) {
    List<String> arguments = new ArrayList<>(List.of("merge", "--output", workspace.name(output)));
    arguments.addAll(List.of("--master", "local[2]"));
    arguments.addAll(Arrays.asList(more));
    return Workspace.call(arguments.toArray(String[]::new));
  }

  private static Called search(String output, String... more) {
    List<String> arguments = new ArrayList<>(List.of("--search"));
    arguments.addAll(List.of("--models", models("seed-1", "seed-2", "seed-3")));
    arguments.addAll(List.of("--base", workspace.name("runs/seed-1/model")));
    arguments.addAll(List.of("--set", "merge-search.held-out=" + heldOut()));
    arguments.addAll(List.of("--set", "merge-search.resamples=200"));
    arguments.addAll(List.of("--set", "merge-search.line-steps=2"));
    arguments.addAll(
        List.of(
            "--set",
            "merge-search.learned=[{groups=kinds, evaluations=5},"
                + "{groups=layers, by=gradient, evaluations=4}]"));
    arguments.addAll(
        List.of(
            "--set",
            "merge-search.candidates=[{name=mean, method=mean},"
                + "{name=ties, method=ties, density=0.5},"
                + "{name=pair, of=[seed-2, seed-3], method=slerp}]"));
    arguments.addAll(Arrays.asList(more));
    return merge(output, arguments.toArray(String[]::new));
  }

  private static String heldOut() {
    return "[{name=stories, documents=\"%s\", limit=12}]"
        .formatted(workspace.name("corpus/train/stories/*.jsonl.gz"));
  }

  private static JsonNode json(String output) throws IOException {
    return new ObjectMapper()
        .readTree(Files.readString(workspace.path(output).resolve("search.json")));
  }

  private static List<String> hidden(Path place) throws IOException {
    try (Stream<Path> all = Files.list(place)) {
      return all.map(path -> path.getFileName().toString())
          .filter(name -> name.startsWith("._"))
          .toList();
    }
  }

  @Test
  void aSearchJudgesEveryCandidateAndKeepsTheBest() throws IOException {
    Called called = search("search");
    assertThat(called.code()).as(called.err()).isZero();
    assertThat(called.out()).contains("search/search.html").contains("search/model");
    JsonNode found = json("search");
    List<String> names = new ArrayList<>();
    List<Double> losses = new ArrayList<>();
    for (JsonNode row : found.get("rows")) {
      names.add(row.get("name").asText());
      losses.add(row.get("choosing_loss").asDouble());
      assertThat(row.get("loss").asDouble())
          .isBetween(
              row.get("loss_interval").get(0).asDouble(),
              row.get("loss_interval").get(1).asDouble());
    }
    assertThat(names)
        .containsExactly(
            "seed-1",
            "seed-2",
            "seed-3",
            "mean",
            "ties",
            "pair",
            "greedy soup",
            "learned weights, per kind of tensor",
            "learned weights, per layer, by gradient");
    JsonNode downhill = found.get("learned_weights").get(1);
    assertThat(downhill.get("choosing_loss").asDouble())
        .isLessThan(downhill.get("uniform_choosing_loss").asDouble());
    double smallest = losses.stream().mapToDouble(loss -> loss).min().orElseThrow();
    assertThat(found.get("picked").asText()).isEqualTo(names.get(losses.indexOf(smallest)));
    assertThat(found.get("lines")).hasSize(3);
    assertThat(found.get("sizes").get("choosing_documents").asInt()).isEqualTo(6);
    assertThat(found.get("sizes").get("table_documents").asInt()).isEqualTo(6);
    Storage storage = Storage.standard();
    Location output = Location.of(workspace.path("search"));
    Manifest.read(storage, output).verify(storage, output);
    Manifest.read(storage, output.resolve("model")).verify(storage, output.resolve("model"));
    assertThat(Files.readString(workspace.path("search/search.html")))
        .contains("<svg")
        .doesNotContain("<script")
        .doesNotContain("http");
    assertThat(Files.readString(workspace.path("search/search.md")))
        .contains("| Candidate | Choosing | Loss |")
        .contains("| seed-1 to seed-2 |");
    assertThat(hidden(folder)).isEmpty();
  }

  @Test
  void aStoppedSearchAsksNothingTwice() throws IOException {
    assertThat(search("whole").code()).isZero();
    // What a stopped search leaves behind: answers, here all but one. They are changed, to see that
    // they are used.
    Path work = workspace.path("._search-again/scores");
    Files.createDirectories(work);
    try (Stream<Path> all = Files.list(workspace.path("whole/scores"))) {
      for (Path score : all.sorted().skip(1).toList()) {
        String rows = Files.readString(score);
        Files.writeString(
            work.resolve(score.getFileName()),
            rows.replaceFirst("\"nats\":[0-9.E]+", "\"nats\":123456.0"));
      }
    }
    Called again = search("again");
    assertThat(again.code()).as(again.err()).isZero();
    assertThat(json("again").get("rows").toString())
        .isNotEqualTo(json("whole").get("rows").toString());

    // And from an earlier search, on request: the same result to the byte.
    Called reused =
        search("reused", "--set", "merge-search.reuse=[\"%s\"]".formatted(workspace.path("whole")));
    assertThat(reused.code()).as(reused.err()).isZero();
    assertThat(workspace.path("reused/search.json"))
        .hasSameBinaryContentAs(workspace.path("whole/search.json"));
    assertThat(workspace.path("reused/search.html"))
        .hasSameBinaryContentAs(workspace.path("whole/search.html"));
  }

  @Test
  void aSearchWithoutHeldOutTextIsRefused() {
    Called called = merge("never", "--search", "--models", models("seed-1", "seed-2"));
    assertThat(called.code()).isEqualTo(2);
    assertThat(called.err()).contains("merge-search.held-out: missing; candidates are chosen by");
    Called both = merge("never", "--search", "--compare", "--models", models("seed-1", "seed-2"));
    assertThat(both.code()).isEqualTo(2);
    assertThat(both.err()).contains("mutually exclusive");
  }

  @Test
  void theRecipeOfTheRepositoryIsRead() {
    Path recipe =
        Path.of(System.getProperty("instella.home", ".."), "conf/recipes/small-real-search.conf");
    Called called =
        Workspace.call(
            "merge", "--search", "--conf", recipe.toString(), "--output", "x", "--print-conf");
    assertThat(called.code()).as(called.err()).isZero();
    assertThat(called.out()).contains("merge-search.pick = loss");
  }

  @Test
  void comparingTellsHowFarApartModelsAre() throws IOException {
    Called called =
        merge(
            "compared",
            "--compare",
            "--models",
            models("seed-2", "seed-3"),
            "--base",
            workspace.name("runs/seed-1/model"));
    assertThat(called.code()).as(called.err()).isZero();
    assertThat(called.out())
        .contains("| Aspect | Item |")
        .contains("| model.layers.1 | seed-2, seed-3 |")
        .contains("Cosine between what two models learned since the base");
    assertThat(Files.readString(workspace.path("compared/report.html"))).contains("<svg");
  }

  private static Called stopped(String output, String... more) {
    List<String> arguments = new ArrayList<>(List.of("merge", "--output", workspace.name(output)));
    arguments.addAll(List.of("--master", "local[2]", "--models", models("seed-1", "seed-2")));
    arguments.addAll(List.of(more));
    StopSignal.request(); // as the handler of SIGTERM does
    try {
      return Workspace.callBeside(arguments.toArray(String[]::new));
    } finally {
      StopSignal.reset();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'',The merge was stopped before the first of its files (1) was finished",
    "--set=merge.max-shard-size=8 KiB,The merge was stopped before the first of its files (",
    "--compare,'Comparing was stopped; nothing was written, the same command starts again'",
    "--search,'The search was stopped; every answer so far is kept, the same command goes on'"
  })
  void aSignalStopsIt(String how, String says) throws IOException {
    List<String> more = new ArrayList<>();
    if (!how.isEmpty()) {
      more.add(how);
    }
    if (how.equals("--search")) {
      more.add("--set=merge-search.held-out=" + heldOut());
    }
    Called called = stopped("halted/merged", more.toArray(String[]::new));
    assertThat(called.code()).as(called.err()).isEqualTo(5);
    assertThat(called.problems()).hasSize(1);
    assertThat(called.err()).contains(says).contains("the same command");
    assertThat(workspace.path("halted/merged")).doesNotExist();
    if (!how.equals("--search")) { // which keeps its answers beside the output
      assertThat(workspace.path("halted"))
          .satisfiesAnyOf(
              place -> assertThat(place).doesNotExist(),
              place -> assertThat(place).isEmptyDirectory());
    }
  }

  @Test
  void aWeightThatIsNotFiniteLeavesNothingOfAMergeOnTheCluster() throws IOException {
    Path bad = workspace.copy("runs/seed-2/model", "runs/bad/model");
    Path weights = bad.resolve("model.safetensors");
    try (RandomAccessFile file = new RandomAccessFile(weights.toFile(), "rw")) {
      file.seek(file.length() - 4);
      file.write(new byte[] {0, 0, (byte) 0xc0, 0x7f}); // NaN, the last element of the last tensor
    }
    Files.delete(bad.resolve("manifest.json"));
    Called called =
        merge(
            "clustered/merged",
            "--models",
            models("seed-1", "bad"),
            "--set",
            "merge.max-shard-size=8 KiB");
    assertThat(called.code()).isEqualTo(3);
    assertThat(called.problems()).hasSize(1);
    assertThat(called.err()).contains("has NaN in tensor");
    assertThat(hidden(workspace.path("clustered"))).isEmpty();
    assertThat(workspace.path("clustered/merged")).doesNotExist();

    Called good =
        merge(
            "clustered/merged",
            "--models",
            models("seed-1", "seed-2"),
            "--set",
            "merge.max-shard-size=8 KiB");
    assertThat(good.code()).as(good.err()).isZero();
    assertThat(workspace.path("clustered/merged/model.safetensors.index.json")).exists();
    assertThat(hidden(workspace.path("clustered"))).isEmpty();
  }
}
