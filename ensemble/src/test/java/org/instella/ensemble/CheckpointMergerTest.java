package org.instella.ensemble;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.error.DataException;
import org.instella.conf.error.InstellaException;
import org.instella.conf.error.StoppedException;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.settings.Recipe;
import org.instella.conf.settings.Settings;
import org.instella.conf.storage.FailingStorage;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.ensemble.method.LinearMerge;
import org.instella.ensemble.method.ReferenceMean;
import org.instella.model.checkpoint.Bfloat16;
import org.instella.model.checkpoint.Dtype;
import org.instella.model.checkpoint.Float16;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class CheckpointMergerTest {
  private static final Storage STORAGE = TinyModels.STORAGE;

  @TempDir private Path root;

  private Location at(String name) {
    return Location.of(root.resolve(name));
  }

  private List<String> seeds(int count, Dtype dtype, long shardLimit) {
    List<String> folders = new ArrayList<>();
    for (int seed = 0; seed < count; seed++) {
      Location folder = at("seed-" + seed + "-" + shardLimit);
      TinyModels.write(folder, TinyModels.random(seed), dtype, shardLimit);
      folders.add(folder.uri());
    }
    return folders;
  }

  private static MergeConfig mean(List<String> folders) {
    return MergeConfig.of(MergeStage.of(folders, LinearMerge.mean(folders.size())));
  }

  private static MergeConfig recipe(String hocon) {
    Settings settings = Recipe.parse(hocon, "merge.conf").root();
    MergeConfig config = MergeConfig.from(settings);
    settings.finish();
    return config;
  }

  private static Manifest merge(Storage storage, MergeConfig config, Location output) {
    try (CheckpointMerger merger = CheckpointMerger.open(storage, config)) {
      return merger.merge(output);
    }
  }

  private List<String> names() throws IOException {
    try (var paths = Files.list(root)) {
      return paths.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Dtype.class,
      names = {"F32", "BF16", "F16"})
  void everyElementOfTheMeanIsFloat64RoundedOnce(Dtype dtype) {
    List<String> folders = seeds(3, dtype, 1 << 20);
    merge(STORAGE, mean(folders), at("merged"));
    List<Map<String, double[]>> models =
        folders.stream().map(folder -> TinyModels.read(Location.of(folder))).toList();
    TinyModels.read(at("merged"))
        .forEach(
            (name, merged) -> {
              for (int i = 0; i < merged.length; i++) {
                double sum = 0;
                for (Map<String, double[]> model : models) {
                  sum += model.get(name)[i];
                }
                double mean = sum / 3;
                double expected =
                    switch (dtype) {
                      case BF16 -> Bfloat16.toFloat(Bfloat16.of(mean));
                      case F16 -> Float16.toFloat(Float16.of(mean));
                      default -> (float) mean;
                    };
                assertThat(merged[i]).as("%s[%d]", name, i).isEqualTo(expected);
              }
            });
  }

  /**
   * Several cells long; where vector instructions do not do, another way is taken, cell by cell.
   */
  @ParameterizedTest
  @EnumSource(
      value = Dtype.class,
      names = {"F32", "BF16", "F16"})
  void theEdgesOfTheRangeAreFloat64RoundedOnceToo(Dtype dtype) {
    double smallest = dtype == Dtype.F32 ? 0x1p-149 : dtype == Dtype.BF16 ? 0x1p-133 : 0x1p-24;
    double largest =
        dtype == Dtype.F32 ? Float.MAX_VALUE : dtype == Dtype.BF16 ? 0x1.fep127 : 65_504;
    double[] edges = {
      0, -0.0, smallest, -smallest, 3 * smallest, 1023 * smallest, largest, -largest, 1, -2, 0.1
    };
    Random random = new Random(11);
    int count = 3 * Grid.LOCAL_CELL + 5;
    List<String> folders = new ArrayList<>();
    List<double[]> models = new ArrayList<>();
    for (int m = 0; m < 3; m++) {
      double[] values = new double[count];
      for (int i = 0; i < count; i++) {
        boolean ordinary = i / Grid.LOCAL_CELL == 1; // a cell without edges between two with them
        values[i] = ordinary ? random.nextGaussian() : edges[random.nextInt(edges.length)];
      }
      TinyModels.write(at("edges-" + m), Map.of("w", values), dtype);
      folders.add(at("edges-" + m).uri());
      models.add(TinyModels.read(at("edges-" + m)).get("w"));
    }
    merge(STORAGE, mean(folders), at("merged"));
    double[] merged = TinyModels.read(at("merged")).get("w");
    for (int i = 0; i < count; i++) {
      double mean = (models.get(0)[i] + models.get(1)[i] + models.get(2)[i]) / 3;
      double expected =
          switch (dtype) {
            case BF16 -> Bfloat16.toFloat(Bfloat16.of(mean));
            case F16 -> Float16.toFloat(Float16.of(mean));
            default -> (float) mean;
          };
      assertThat(Double.doubleToRawLongBits(merged[i])) // a zero has a sign
          .as("element %d", i)
          .isEqualTo(Double.doubleToRawLongBits(expected));
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Dtype.class,
      names = {"F32", "BF16", "F16"})
  void referenceModeRoundsAfterEveryStepAsTheScriptDoes(Dtype dtype) {
    List<String> folders = seeds(3, dtype, 1 << 20);
    merge(STORAGE, MergeConfig.of(MergeStage.of(folders, new ReferenceMean())), at("merged"));
    List<Map<String, double[]>> models =
        folders.stream().map(folder -> TinyModels.read(Location.of(folder))).toList();
    TinyModels.read(at("merged"))
        .forEach(
            (name, merged) -> {
              for (int i = 0; i < merged.length; i++) {
                float sum = 0;
                for (Map<String, double[]> model : models) {
                  sum = step(sum + (float) model.get(name)[i], dtype);
                }
                assertThat((float) merged[i]).isEqualTo(step(sum / 3, dtype));
              }
            });
  }

  private static float step(float value, Dtype dtype) {
    return switch (dtype) {
      case BF16 -> Bfloat16.toFloat(Bfloat16.of(value));
      case F16 -> Float16.toFloat(Float16.of(value));
      default -> value;
    };
  }

  @Test
  void theResultDependsOnNeitherShardsNorThreadsNorOrderOfWork() throws IOException {
    List<String> whole = seeds(3, Dtype.F32, 1 << 20);
    List<String> cut = seeds(3, Dtype.F32, 10_000);
    String base = "base = \"%s\", method = %s".formatted(whole.get(2), "%s");
    for (String method :
        List.of("ties, density = 0.3", "dare-ties, density = 0.5, seed = 3", "della, seed = 1")) {
      String parameters = base.formatted(method);
      MergeConfig one =
          recipe("models = [\"%s\", \"%s\"], %s".formatted(whole.get(0), whole.get(1), parameters));
      MergeConfig other =
          recipe("models = [\"%s\", \"%s\"], %s".formatted(cut.get(0), cut.get(1), parameters));
      String name = method.substring(0, 4);
      merge(STORAGE, one.withThreads(1), at(name + "-1"));
      merge(STORAGE, other.withThreads(4), at(name + "-4"));
      assertThat(root.resolve(name + "-4/model.safetensors"))
          .hasSameBinaryContentAs(root.resolve(name + "-1/model.safetensors"));
    }
    MergeConfig sharded = mean(whole).withShardLimit(15_000);
    merge(STORAGE, sharded, at("in-order"));
    try (CheckpointMerger merger = CheckpointMerger.open(STORAGE, sharded)) {
      List<Integer> order =
          new ArrayList<>(IntStream.range(0, merger.shards().size()).boxed().toList());
      Collections.shuffle(order, new Random(1));
      order.forEach(shard -> merger.writeShard(at("shuffled"), shard));
      merger.publish(at("shuffled"));
    }
    assertThat(Manifest.read(STORAGE, at("shuffled")).files())
        .isEqualTo(Manifest.read(STORAGE, at("in-order")).files())
        .hasSizeGreaterThan(5);
  }

  @Test
  void attemptsAtTheSameFileDoNotDisturbEachOther() {
    MergeConfig config = mean(seeds(3, Dtype.F32, 1 << 20)).withShardLimit(20_000).withThreads(1);
    List<CompletableFuture<Void>> attempts = new ArrayList<>();
    for (int attempt = 0; attempt < 4; attempt++) {
      attempts.add(
          CompletableFuture.runAsync(
              () -> {
                try (CheckpointMerger merger = CheckpointMerger.open(STORAGE, config)) {
                  for (int shard = 0; shard < merger.shards().size(); shard++) {
                    merger.writeShard(at("merged"), shard);
                  }
                }
              }));
    }
    attempts.forEach(CompletableFuture::join);
    merge(STORAGE, config, at("merged"));
    Manifest.read(STORAGE, at("merged")).verify(STORAGE, at("merged"));
  }

  @Test
  void remoteModelsAreStreamedAndGiveTheSameBytes() {
    List<String> folders = seeds(3, Dtype.BF16, 1 << 20);
    merge(STORAGE, mean(folders), at("near"));
    FarStorage far = new FarStorage(root);
    List<String> names =
        folders.stream().map(folder -> FarStorage.at(Location.of(folder).name()).uri()).toList();
    merge(far, mean(names), FarStorage.at("far"));
    assertThat(root.resolve("far/model.safetensors"))
        .hasSameBinaryContentAs(root.resolve("near/model.safetensors"));
    int tensors = TinyModels.SHAPES.size();
    assertThat(far.opened.get())
        .as("one request per model and tensor, besides small files")
        .isLessThan(3 * tensors + 30);
  }

  @Test
  void theFolderCarriesEverythingAndTheManifestNamesTheParents() throws IOException {
    List<String> folders = seeds(2, Dtype.F32, 1 << 20);
    Files.writeString(Path.of(folders.get(0), "tokenizer.json"), "{\"model\": {\"vocab\": {}}}");
    Files.writeString(
        Path.of(folders.get(0), "tokenizer_config.json"), "{\"chat_template\": \"x\"}");
    Manifest manifest =
        merge(STORAGE, mean(folders).withOutputType(MergeConfig.OutputType.BF16), at("merged"));
    assertThat(Files.readString(root.resolve("merged/config.json"))).contains("\"bfloat16\"");
    assertThat(manifest.files())
        .extracting(file -> file.name())
        .containsExactly(
            "config.json",
            "generation_config.json",
            "model.safetensors",
            "tokenizer.json",
            "tokenizer_config.json");
    manifest.verify(STORAGE, at("merged"));
    assertThat(manifest.inputs().keySet())
        .containsExactly("parent 0 seed-0-1048576", "parent 1 seed-1-1048576");
    assertThat(manifest.inputs().values()).allMatch(digest -> digest.startsWith("crc32c:"));

    // A merge of merged models names the digests of their manifests.
    Manifest next =
        merge(STORAGE, mean(List.of(at("merged").uri(), at("merged").uri())), at("again"));
    assertThat(next.inputs()).containsEntry("parent 0 merged", manifest.digest());
  }

  @Test
  void parentsWithoutManifestHaveTheSameIdentityInAnyLayout() {
    Manifest whole = merge(STORAGE, mean(seeds(2, Dtype.F32, 1 << 20)), at("a"));
    Manifest cut = merge(STORAGE, mean(seeds(2, Dtype.F32, 9_000)), at("b"));
    assertThat(cut.inputs().values()).containsExactlyElementsOf(whole.inputs().values());
  }

  @Test
  void rulesGiveTensorsAnotherMethodAndStagesFeedEachOther() {
    List<String> f = seeds(3, Dtype.F32, 1 << 20);
    MergeConfig config =
        recipe(
            """
            models = ["@average", "%s"]
            method = linear, weights = [0.75, 0.25]
            tensors = [
              { match = ["model.embed_tokens.*"], method = copy, from = 1 }
              { match = "model.layers.<5-9>.*", method = slerp, t = 0 }
            ]
            stages { average { models = ["%s", "%s"], method = mean } }
            """
                .formatted(f.get(2), f.get(0), f.get(1)));
    merge(STORAGE, config, at("merged"));
    Map<String, double[]> a = TinyModels.read(Location.of(f.get(0)));
    Map<String, double[]> b = TinyModels.read(Location.of(f.get(1)));
    Map<String, double[]> c = TinyModels.read(Location.of(f.get(2)));
    TinyModels.read(at("merged"))
        .forEach(
            (name, merged) -> {
              for (int i = 0; i < merged.length; i++) {
                double average = (a.get(name)[i] + b.get(name)[i]) / 2;
                double expected =
                    name.contains("embed")
                        ? c.get(name)[i]
                        : name.contains("layers.5.")
                            ? average
                            : 0.75 * average + 0.25 * c.get(name)[i];
                assertThat(merged[i]).as("%s[%d]", name, i).isEqualTo((float) expected);
              }
            });
  }

  @Test
  void aRecipeWithBadReferencesIsRefused() {
    assertThatThrownBy(
            () ->
                recipe(
                    """
                    models = ["@a", "@c"], method = mean
                    tensors = [{ match = "layers.<3>", method = mean }]
                    stages { a { models = ["@b"] }, b { models = ["@a"] } }
                    """))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("@c is not among the stages [a, b]")
        .hasMessageContaining("stages feed each other in a circle")
        .hasMessageContaining("ranges are written <first-last>");
  }

  @Test
  void allDifferencesAreListedBeforeAnythingIsWritten() throws IOException {
    List<String> folders = seeds(1, Dtype.F32, 1 << 20);
    Map<String, double[]> odd = TinyModels.random(9);
    odd.remove("model.norm.weight");
    odd.put("model.extra.weight", new double[3]);
    odd.put("model.layers.0.self_attn.q_norm.weight", new double[49]);
    TinyModels.write(at("odd"), odd, Dtype.BF16);
    Files.writeString(
        root.resolve("odd/config.json"), "{\"model_type\": \"llama\", \"hidden_size\": 48}");
    List<String> models = List.of(folders.get(0), at("odd").uri());
    assertThatThrownBy(() -> CheckpointMerger.open(STORAGE, mean(models)))
        .isInstanceOf(DataException.class)
        .hasMessageContaining(
            "architecture config.json model_type (seed-0-1048576 has \"instella\", odd has"
                + " \"llama\")")
        .hasMessageContaining(
            "tensor names model.norm.weight (seed-0-1048576 has it, odd has none)")
        .hasMessageContaining(
            "tensor names model.extra.weight (seed-0-1048576 has none, odd has it)")
        .hasMessageContaining(
            "shapes model.layers.0.self_attn.q_norm.weight (seed-0-1048576 has [48], odd has [49])")
        .hasMessageContaining(
            "types model.embed_tokens.weight (seed-0-1048576 has F32, odd has BF16)")
        .hasMessageNotContaining("\n");
    assertThat(names()).containsExactly("odd", "seed-0-1048576");
  }

  @ParameterizedTest
  @CsvSource({"NaN, NaN", "Infinity, an infinity", "-Infinity, an infinity"})
  void weightsThatAreNotFiniteAreNamed(double value, String word) throws IOException {
    List<String> folders = seeds(2, Dtype.F32, 1 << 20);
    Map<String, double[]> bad = TinyModels.random(2);
    bad.get("model.layers.5.mlp.up_proj.weight")[1234] = value;
    TinyModels.write(at("bad"), bad, Dtype.F32);
    List<String> models = List.of(folders.get(0), folders.get(1), at("bad").uri());
    assertThatThrownBy(() -> merge(STORAGE, mean(models), at("merged")))
        .isInstanceOf(DataException.class)
        .hasMessageContaining(
            "bad has %s in tensor model.layers.5.mlp.up_proj.weight at index 1234 (shape [96, 48])"
                .formatted(word));
    assertThat(names()).containsExactly("bad", "seed-0-1048576", "seed-1-1048576");
  }

  @Test
  void aTruncatedParentIsRefusedAndLeavesNothing() throws IOException {
    List<String> folders = seeds(2, Dtype.F32, 1 << 20);
    Path weights = Path.of(folders.get(1), "model.safetensors");
    try (RandomAccessFile file = new RandomAccessFile(weights.toFile(), "rw")) {
      file.setLength(file.length() - 100);
    }
    assertThatThrownBy(() -> merge(STORAGE, mean(folders), at("merged")))
        .isInstanceOf(DataException.class)
        .hasMessageContaining(weights + " is cut short");
    assertThat(names()).hasSize(2);
  }

  @Test
  void anExistingOutputIsNotTouched() throws IOException {
    List<String> folders = seeds(2, Dtype.F32, 1 << 20);
    Files.createDirectories(root.resolve("merged"));
    Files.writeString(root.resolve("merged/mine.txt"), "keep");
    assertThatThrownBy(() -> merge(STORAGE, mean(folders), at("merged")))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("merged exists already and is not overwritten");
    assertThat(root.resolve("merged")).isDirectoryContaining("glob:**mine.txt");
    assertThat(names()).hasSize(3);
  }

  @Test
  void aFailureAtAnyWriteLeavesNoOutputAndTheNextRunFinishes() throws IOException {
    List<String> folders = seeds(2, Dtype.F32, 1 << 20);
    MergeConfig config = mean(folders).withShardLimit(30_000);
    merge(STORAGE, config, at("quiet"));
    int n = 0;
    for (; ; n++) {
      FailingStorage failing = new FailingStorage(STORAGE, n);
      Location output = at("merged-" + n);
      try {
        merge(failing, config, output);
        break;
      } catch (InstellaException e) {
        assertThat(STORAGE.exists(output)).as("call %d", n).isFalse();
        merge(STORAGE, config, output); // what a crash left behind is used or replaced
        assertThat(Manifest.read(STORAGE, output).files())
            .isEqualTo(Manifest.read(STORAGE, at("quiet")).files());
        Manifest.read(STORAGE, output).verify(STORAGE, output);
        STORAGE.delete(output);
      }
    }
    assertThat(n).isGreaterThan(40);
    assertThat(names()).noneMatch(name -> name.startsWith("."));
  }

  @Test
  void finishedFilesOfAnInterruptedRunAreKept() throws IOException {
    List<String> folders = seeds(2, Dtype.F32, 1 << 20);
    MergeConfig config = mean(folders).withShardLimit(15_000);
    Path first;
    try (CheckpointMerger merger = CheckpointMerger.open(STORAGE, config)) {
      merger.writeShard(at("merged"), 0);
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> merger.merge(at("merged")))
          .isInstanceOf(StoppedException.class)
          .hasMessage("The merge was interrupted; run it again to resume");
      assertThat(Thread.interrupted()).isTrue();
    }
    String staging =
        names().stream()
            .filter(name -> name.startsWith("._merge-merged-"))
            .findFirst()
            .orElseThrow();
    first = root.resolve(staging).resolve("model-00001-of-00007.safetensors");
    assertThat(first).exists();
    Object key = Files.readAttributes(first, BasicFileAttributes.class).fileKey();
    merge(STORAGE, config, at("merged"));
    Path kept = root.resolve("merged/model-00001-of-00007.safetensors");
    assertThat(Files.readAttributes(kept, BasicFileAttributes.class).fileKey()).isEqualTo(key);
    assertThat(names()).noneMatch(name -> name.startsWith("."));
  }

  @ParameterizedTest
  @ValueSource(strings = {"model.layers.<0-5>.*", "*up_proj*", "model.layers.5.mlp.up_proj.weight"})
  void patternsMatchNames(String pattern) {
    assertThat(new TensorPattern(pattern).matches("model.layers.5.mlp.up_proj.weight")).isTrue();
    assertThat(new TensorPattern(pattern).matches("model.layers.6.mlp.down_proj.weight")).isFalse();
    assertThat(new TensorPattern(pattern).matches("modelXlayers.5.mlp.up_projXweight"))
        .isEqualTo(pattern.startsWith("*"));
  }

  @Test
  void distancesAddUpOverTheTensorsOfALayer() {
    List<String> folders = seeds(2, Dtype.F32, 1 << 20);
    TinyModels.write(
        at("double"),
        TinyModels.map(TinyModels.read(Location.of(folders.get(0))), value -> 2 * value),
        Dtype.F32);
    List<Location> models =
        List.of(Location.of(folders.get(0)), at("double"), Location.of(folders.get(1)));
    ModelDistances distances = ModelDistances.measure(STORAGE, models, 2, () -> false);
    List<ModelDistances.Distance> layers = distances.layers();
    assertThat(layers).hasSize(5 * 3);
    ModelDistances.Distance doubled = layers.get(0);
    assertThat(doubled.item()).isEqualTo("model.embed_tokens.weight");
    assertThat(doubled.cosine()).isCloseTo(1, offset(1e-15));
    assertThat(doubled.relativeDifference()).isCloseTo(2 / 3., offset(1e-12));
    ModelDistances.Distance apart = layers.get(1 + 3);
    assertThat(Math.abs(apart.cosine())).isLessThan(0.1);
    assertThat(distances.markdown())
        .contains("| model.layers.10 | seed-0-1048576, double | 1.000000 |");
  }
}
