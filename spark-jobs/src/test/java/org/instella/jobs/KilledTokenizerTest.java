package org.instella.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.instella.conf.manifest.Digests;
import org.instella.conf.settings.Recipe;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.jobs.cluster.ClusterConfig;
import org.instella.jobs.cluster.LazyCluster;
import org.instella.jobs.command.Instella;
import org.instella.jobs.tokens.TinyTokenizer;
import org.instella.tokenize.bpe.Tokenizer;
import org.instella.tokenize.bpe.Tokenizers;
import org.instella.tokenize.document.DocumentFiles;
import org.instella.tokenize.shard.DatasetCommit;
import org.instella.tokenize.shard.ShardTask;
import org.instella.tokenize.shard.TokenizePlan;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whoever is killed while tokens are made: the output is that of a run that nobody disturbed. */
class KilledTokenizerTest {
  private static final int FILE_BYTES = 10 << 20;
  private static final int SHARD_BYTES = 256 << 10;
  private static final String RECIPE =
      """
      tokenize {
        tokenizer = "%1$s/tokenizer.json"
        shard-input = %2$d
        sources = [{ path = "%1$s/web" }]
      }
      """;

  @TempDir static Path folder;

  @BeforeAll
  static void makeCorpus() throws IOException {
    Random random = new Random(11);
    TinyTokenizer.write(folder.resolve("tokenizer.json"));
    Files.createDirectories(folder.resolve("web"));
    for (int file = 0; file < 2; file++) {
      StringBuilder lines = new StringBuilder();
      while (lines.length() < FILE_BYTES) {
        lines.append("{\"text\":\"");
        for (int word = random.nextInt(2000); word >= 0; word--) {
          lines.append(Integer.toString(random.nextInt(1 << 20), 36)).append(" the ");
        }
        lines.append("\"}\n");
      }
      Files.writeString(folder.resolve("web/%d.jsonl".formatted(file)), lines);
    }
  }

  @Test
  @Timeout(value = 1800, unit = TimeUnit.SECONDS)
  void fourKilledExecutorsChangeNothing() throws IOException {
    killExecutors(4, SHARD_BYTES);
  }

  @Test
  @Tag("long")
  @Timeout(value = 3600, unit = TimeUnit.SECONDS)
  void twentyKilledExecutorsChangeNothing() throws IOException {
    killExecutors(20, SHARD_BYTES / 8);
  }

  @Test
  @Timeout(value = 1800, unit = TimeUnit.SECONDS)
  void aKilledDriverIsStartedAgainAndGoesOn() throws Exception {
    writeRecipe(SHARD_BYTES);
    Process first = driver("driver");
    Map<String, FileTime> before;
    try {
      Awaitility.await()
          .atMost(Duration.ofSeconds(600))
          .pollInterval(Duration.ofMillis(5))
          .until(() -> !first.isAlive() || finished("driver").size() >= 5);
    } finally {
      first.destroyForcibly().waitFor();
    }
    before = finished("driver");
    assertThat(before.size())
        .as("shards finished when the driver died")
        .isBetween(5, 2 * FILE_BYTES / SHARD_BYTES - 1);
    assertThat(folder.resolve("driver/web")).doesNotExist();
    Process second = driver("driver");
    assertThat(second.waitFor(900, TimeUnit.SECONDS)).isTrue();
    assertThat(second.exitValue()).isZero();
    assertThat(digests("driver/web")).isEqualTo(quiet(SHARD_BYTES));
    for (Map.Entry<String, FileTime> shard : before.entrySet()) {
      assertThat(Files.getLastModifiedTime(folder.resolve("driver/web").resolve(shard.getKey())))
          .as("%s was finished and is not written again", shard.getKey())
          .isEqualTo(shard.getValue());
    }
    try (Stream<Path> left = Files.list(folder.resolve("driver"))) {
      assertThat(left.map(path -> path.getFileName().toString()))
          .containsExactlyInAnyOrder("web", "manifest.json");
    }
  }

  /** Kills both executors again and again, each time after some more shards are finished. */
  private void killExecutors(int kills, int shardBytes) throws IOException {
    writeRecipe(shardBytes);
    String output = "kills-" + kills;
    TreeMap<String, String> properties = new TreeMap<>();
    properties.put("spark.task.maxFailures", "50"); // a killed executor counts against its task
    properties.put("spark.speculation", "true");
    properties.put("spark.speculation.interval", "50ms");
    properties.put("spark.speculation.multiplier", "1.1");
    Random random = new Random(kills);
    int killed = 0;
    ClusterConfig config = new ClusterConfig(Optional.of("local-cluster[2,1,1024]"), properties);
    try (LazyCluster processes = new LazyCluster("tokens", config, 1)) {
      CompletableFuture<Void> run = CompletableFuture.runAsync(() -> tokenize(processes, output));
      while (killed < kills && !run.isDone()) {
        int want = finished(output).size() + 1 + random.nextInt(4);
        Awaitility.await()
            .atMost(Duration.ofSeconds(600))
            .pollInterval(Duration.ofMillis(2))
            .until(() -> run.isDone() || finished(output).size() >= want);
        pause(random.nextInt(30));
        for (ProcessHandle executor : executors()) {
          if (killed < kills && executor.destroyForcibly()) {
            killed++;
          }
        }
      }
      run.join();
    }
    assertThat(killed).as("executors killed").isEqualTo(kills);
    assertThat(digests(output + "/web")).isEqualTo(quiet(shardBytes));
  }

  private static void writeRecipe(int shardBytes) throws IOException {
    Files.writeString(folder.resolve("tokens.conf"), RECIPE.formatted(folder, shardBytes));
  }

  /** What one thread gives that nobody disturbs, shard after shard. */
  private static Map<String, String> quiet(int shardBytes) {
    Storage storage = Storage.standard();
    TokenizeJob job = job();
    String output = "quiet-" + shardBytes;
    if (Files.exists(folder.resolve(output))) { // made for another test
      return digests(output);
    }
    Location published = Location.of(folder.resolve(output));
    try (Tokenizer tokenizer = Tokenizers.open(storage, job.config().tokenizer())) {
      TokenizePlan plan =
          new TokenizePlan(
              "web",
              DocumentFiles.list(storage, folder.resolve("web").toString()),
              job.config(),
              tokenizer.digest(),
              published);
      plan.units().forEach(unit -> ShardTask.run(storage, plan.task(unit), tokenizer));
      DatasetCommit.commit(storage, plan, tokenizer);
    }
    return digests(output);
  }

  private static TokenizeJob job() {
    Recipe recipe =
        Recipe.load(Storage.standard(), Location.of(folder.resolve("tokens.conf")), List.of());
    return TokenizeJob.from(recipe.root().section("tokenize", ""));
  }

  private static void tokenize(LazyCluster cluster, String output) {
    Location place = Location.of(folder.resolve(output));
    job().run(new JobContext(output, Storage.standard(), cluster, place));
  }

  /** The command in a process of its own, as a user starts it. */
  private static Process driver(String output) throws IOException {
    Stream<String> opens =
        java.lang.management.ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
            .filter(
                argument -> argument.startsWith("--add-") || argument.startsWith("-XX:+Ignore"));
    List<String> command =
        Stream.of(
                Stream.of(ProcessHandle.current().info().command().orElse("java"), "-Xmx1g"),
                opens,
                Stream.of(
                    "-Dai.djl.offline=true",
                    "-cp",
                    System.getProperty(
                        "surefire.test.class.path", System.getProperty("java.class.path")),
                    Instella.class.getName(),
                    "tokenize",
                    "--conf",
                    folder.resolve("tokens.conf").toString(),
                    "--output",
                    folder.resolve(output).toString(),
                    "--master",
                    "local[2]"))
            .flatMap(part -> part)
            .toList();
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve(output + ".log").toFile())
        .start();
  }

  /** Shards in the staging folder, with the time of their last byte. */
  private static Map<String, FileTime> finished(String output) {
    Map<String, FileTime> shards = new HashMap<>();
    try {
      if (!Files.exists(folder.resolve(output))) {
        return shards;
      }
      try (Stream<Path> all = Files.list(folder.resolve(output))) {
        for (Path staging :
            all.filter(path -> path.getFileName().toString().startsWith(".")).toList()) {
          collect(staging.resolve("shards"), shards);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return shards;
  }

  private static void collect(Path folder, Map<String, FileTime> shards) throws IOException {
    if (Files.exists(folder)) {
      try (Stream<Path> finished = Files.list(folder)) {
        for (Path note : finished.toList()) {
          String attempt = Files.readString(note).strip();
          String name = note.getFileName() + ".arrow";
          Path shard = folder.resolveSibling("attempts").resolve(attempt).resolve(name);
          if (Files.exists(shard)) {
            shards.put(name, Files.getLastModifiedTime(shard));
          }
        }
      }
    }
  }

  private static List<ProcessHandle> executors() {
    return ProcessHandle.current()
        .descendants()
        .filter(
            process ->
                process.info().commandLine().orElse("").contains("CoarseGrainedExecutorBackend"))
        .toList();
  }

  private static void pause(int millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Map<String, String> digests(String output) {
    Map<String, String> digests = new TreeMap<>();
    Storage storage = Storage.standard();
    storage
        .listFiles(Location.of(folder.resolve(output)))
        .forEach(
            file ->
                digests.put(
                    folder.resolve(output).relativize(file.location().toLocalPath()).toString(),
                    Digests.sha256(storage, file.location())));
    return digests;
  }
}
