package org.instella.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.instella.conf.SharedData;
import org.instella.conf.error.DataException;
import org.instella.conf.error.InstellaException;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.storage.FailingStorage;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.model.transformer.TensorSpec;
import org.instella.model.transformer.TransformerConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelFolderTest {
  private static final Storage STORAGE = Storage.standard();
  private static final TransformerConfig CONFIG =
      new TransformerConfig(2, 8, 2, 1, 4, 12, 16, 1e-5, 10000, 32, false, -1, 0, 1);
  private static final String TOKENIZER =
      """
      {"version": "1.0", "added_tokens": [
        {"id": 0, "content": "<end>", "special": true}, {"id": 1, "content": "<pad>"},
        {"id": %d, "content": "<last>"}],
       "model": {"type": "BPE", "vocab": {"a": 2, "b": 3}, "merges": []}}
      """;

  @TempDir private Path root;

  /** One flat buffer on the heap with windows of 37 elements, to meet every boundary. */
  private static final class Flat implements ParameterMemory {
    private final ByteBuffer memory =
        ByteBuffer.allocate((int) CONFIG.parameterCount() * 4).order(ByteOrder.nativeOrder());

    static Flat random(long seed) {
      Flat flat = new Flat();
      Random random = new Random(seed);
      for (int i = 0; i < CONFIG.parameterCount(); i++) {
        flat.memory.putFloat(i * 4, (float) random.nextGaussian());
      }
      return flat;
    }

    @Override
    public ByteBuffer window(TensorSpec tensor, long first, int elements) {
      int begin = (int) (tensor.offset() + first);
      int windowEnd = (begin / 37 + 1) * 37;
      int count = Math.min(elements, windowEnd - begin);
      return memory.slice(begin * 4, count * 4).order(ByteOrder.nativeOrder());
    }
  }

  private Location location(String name) {
    return Location.of(root.resolve(name));
  }

  private void write(Storage storage, Location published, Dtype dtype, long shardLimit) {
    try (ModelFolderWriter writer =
        ModelFolderWriter.staged(storage, published).shardLimit(shardLimit)) {
      writer.config(CONFIG, dtype);
      writer.weights(CONFIG, dtype, Flat.random(1));
      writer.publish(manifest -> manifest.fact("seed", 1));
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Dtype.class,
      names = {"F32", "BF16", "F16", "F64"})
  void whatIsWrittenIsLoaded(Dtype dtype) {
    write(STORAGE, location("m"), dtype, ShardLayout.DEFAULT_LIMIT);
    Flat loaded = new Flat();
    try (ModelFolder folder = ModelFolder.open(STORAGE, location("m"))) {
      assertThat(folder.transformerConfig()).isEqualTo(CONFIG);
      folder.load(loaded);
    }
    Flat original = Flat.random(1);
    for (int i = 0; i < CONFIG.parameterCount(); i++) {
      float expected = original.memory.getFloat(i * 4);
      float stored =
          switch (dtype) {
            case BF16 -> Bfloat16.toFloat(Bfloat16.of(expected));
            case F16 -> Float16.toFloat(Float16.of(expected));
            default -> expected;
          };
      assertThat(loaded.memory.getFloat(i * 4)).isEqualTo(stored);
    }
    Manifest manifest = Manifest.read(STORAGE, location("m"));
    manifest.verify(STORAGE, location("m"));
    assertThat(manifest.longFact("parameters")).isEqualTo(CONFIG.parameterCount());
    assertThat(manifest.files())
        .extracting(file -> file.name())
        .containsExactly("config.json", "generation_config.json", "model.safetensors");
  }

  @Test
  void shardsHoldTheSameNumbersAsOneFile() throws IOException {
    write(STORAGE, location("one"), Dtype.F32, ShardLayout.DEFAULT_LIMIT);
    write(STORAGE, location("many"), Dtype.F32, 600);
    try (ModelFolder one = ModelFolder.open(STORAGE, location("one"));
        ModelFolder many = ModelFolder.open(STORAGE, location("many"))) {
      assertThat(many.weightFiles()).hasSizeGreaterThan(3);
      assertThat(many.names()).isEqualTo(one.names());
      Flat a = new Flat();
      Flat b = new Flat();
      one.load(a);
      many.load(b);
      assertThat(b.memory).isEqualTo(a.memory);
    }
    assertThat(Files.readString(root.resolve("many/model.safetensors.index.json")))
        .startsWith(
            "{\n  \"metadata\": {\n    \"total_parameters\": %d,"
                .formatted(CONFIG.parameterCount()))
        .contains("\"lm_head.weight\": \"model-00012-of-00012.safetensors\"");
  }

  @Test
  void shardsFollowTheRuleOfTransformers() {
    List<TensorInfo> tensors =
        List.of(
            TensorInfo.of("a", Dtype.F32, List.of(10L)),
            TensorInfo.of("b", Dtype.F32, List.of(15L)),
            TensorInfo.of("c", Dtype.F32, List.of(50L)),
            TensorInfo.of("d", Dtype.F32, List.of(1L)));
    assertThat(ShardLayout.of(tensors, 100).shards())
        .extracting(shard -> shard.file() + " " + shard.bytes())
        .containsExactly(
            "model-00001-of-00003.safetensors 100",
            "model-00002-of-00003.safetensors 200",
            "model-00003-of-00003.safetensors 4");
  }

  @Test
  void everyDifferenceToTheNetworkIsListedAtOnce() throws IOException {
    write(STORAGE, location("m"), Dtype.F32, ShardLayout.DEFAULT_LIMIT);
    Location weights = location("m").resolve("model.safetensors");
    List<TensorInfo> tensors =
        List.of(
            TensorInfo.of("model.embed_tokens.weight", Dtype.F32, List.of(8L, 16L)),
            TensorInfo.of("lm_head.weight", Dtype.I64, List.of(16L, 8L)),
            TensorInfo.of("stranger", Dtype.F32, List.of(1L)));
    STORAGE.delete(weights);
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(STORAGE, weights, tensors, SafetensorsWriter.TORCH_METADATA)) {
      for (TensorInfo tensor : writer.tensors()) {
        writer.write(tensor.name(), ByteBuffer.allocate((int) tensor.bytes()));
      }
      writer.finish();
    }
    try (ModelFolder folder = ModelFolder.open(STORAGE, location("m"))) {
      assertThatThrownBy(() -> folder.load(new Flat()))
          .isInstanceOf(DataException.class)
          .hasMessageContaining("model.embed_tokens.weight has shape [8, 16] instead of [16, 8]")
          .hasMessageContaining("lm_head.weight has type I64 instead of F32, BF16, F16 or F64")
          .hasMessageContaining("model.layers.1.mlp.down_proj.weight is missing")
          .hasMessageContaining("stranger is not a tensor of this model");
    }
  }

  @Test
  void aTokenizerLargerThanTheVocabularyIsRefused() throws IOException {
    Path tokenizer = root.resolve("tokenizer.json");
    Files.writeString(tokenizer, TOKENIZER.formatted(16));
    try (ModelFolderWriter writer = ModelFolderWriter.staged(STORAGE, location("m"))) {
      assertThatThrownBy(() -> writer.tokenizer(Location.of(tokenizer), CONFIG))
          .isInstanceOf(DataException.class)
          .hasMessageContaining("has ids up to 16 but the model's vocabulary has 16 rows");
    }
    write(STORAGE, location("m"), Dtype.F32, ShardLayout.DEFAULT_LIMIT);
    Files.copy(tokenizer, root.resolve("m/tokenizer.json"));
    assertThatThrownBy(() -> ModelFolder.open(STORAGE, location("m")))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("make the vocabulary at least 17");
  }

  @Test
  void aTokenizerFileGetsInstellasConfigBesideIt() throws IOException {
    Path tokenizer = root.resolve("tokenizer.json");
    Files.writeString(tokenizer, TOKENIZER.formatted(15));
    try (ModelFolderWriter writer = ModelFolderWriter.staged(STORAGE, location("m"))) {
      writer.tokenizer(Location.of(tokenizer), CONFIG);
      writer.publish(manifest -> manifest);
    }
    assertThat(Files.readString(root.resolve("m/tokenizer.json")))
        .isEqualTo(TOKENIZER.formatted(15));
    assertThat(Files.readString(root.resolve("m/tokenizer_config.json")))
        .contains(
            "\"bos_token\": \"<end>\"", "\"eos_token\": \"<end>\"", "\"pad_token\": \"<pad>\"")
        .contains("\"tokenizer_class\": \"GPTNeoXTokenizerFast\"");
  }

  @Test
  void aFailureAtAnyWriteLeavesNothingUnderThePublishedName() {
    int n = 0;
    for (; ; n++) {
      FailingStorage failing = new FailingStorage(STORAGE, n);
      Location published = location("m" + n);
      try {
        write(failing, published, Dtype.BF16, 600);
        break;
      } catch (InstellaException e) {
        assertThat(e).as("call %d", n).hasMessageContaining("Injected failure");
        assertThat(STORAGE.exists(published)).as("call %d", n).isFalse();
      }
    }
    assertThat(n).isGreaterThan(20);
    try (ModelFolder folder = ModelFolder.open(STORAGE, location("m" + n))) {
      folder.load(new Flat());
    }
  }

  @Test
  void anExistingFolderIsNotOverwritten() {
    write(STORAGE, location("m"), Dtype.F32, ShardLayout.DEFAULT_LIMIT);
    assertThatThrownBy(() -> write(STORAGE, location("m"), Dtype.F32, 600))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("exists already and is not overwritten");
  }

  @Test
  void foldersThatAreNoModelsAreNamed() throws IOException {
    Files.createDirectories(root.resolve("empty"));
    assertThatThrownBy(() -> ModelFolder.open(STORAGE, location("empty")))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("is not a model folder: it has no config.json");
    Files.writeString(root.resolve("empty/config.json"), "{");
    assertThatThrownBy(() -> ModelFolder.open(STORAGE, location("empty")))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("config.json is not JSON (line 1)");
    Files.writeString(root.resolve("empty/config.json"), "{}");
    assertThatThrownBy(() -> ModelFolder.open(STORAGE, location("empty")))
        .hasMessageContaining("has neither model.safetensors nor model.safetensors.index.json");
    Files.writeString(
        root.resolve("empty/model.safetensors.index.json"),
        "{\"weight_map\": {\"a\": \"../m/x\"}}");
    assertThatThrownBy(() -> ModelFolder.open(STORAGE, location("empty")))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("only plain relative names are allowed");
  }

  @Test
  void everyProblemOfAConfigIsListed() {
    assertThatThrownBy(
            () ->
                ModelConfigJson.parse(
                    """
                    {"model_type": "llama", "hidden_size": 100, "num_attention_heads": 3,
                     "rms_norm_eps": 0, "vocab_size": "x", "rope_scaling": {"type": "linear"}}
                    """,
                    "c.json"))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("model_type = \"llama\": only \"instella\" is supported")
        .hasMessageContaining("hidden_size = 100: must be an even multiple")
        .hasMessageContaining("rms_norm_eps = 0: must be a number above 0")
        .hasMessageContaining("vocab_size = \"x\": must be a whole number of at least 1")
        .hasMessageContaining("rope_scaling");
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"head80", "gqa", "long-base"})
  void opensTheReferenceModelsAndWritesTheirConfigBack(String name) throws IOException {
    Path golden = SharedData.require().resolve("data/golden/model").resolve(name);
    try (ModelFolder folder = ModelFolder.open(STORAGE, Location.of(golden))) {
      TransformerConfig config = folder.transformerConfig();
      folder.requireTensors(config);
      String expected =
          Files.readString(golden.resolve("config.json"))
              .replace("1e-05", "1.0E-5")
              .replaceAll("  \"transformers_version\".*\n", "");
      assertThat(ModelConfigJson.render(config, Dtype.F32)).isEqualTo(expected);
    }
  }
}
