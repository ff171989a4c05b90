package org.instella.ensemble;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.instella.conf.error.DataException;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.settings.Recipe;
import org.instella.conf.settings.Settings;
import org.instella.conf.storage.Location;
import org.instella.model.checkpoint.Dtype;
import org.instella.model.checkpoint.ModelFolder;
import org.instella.model.checkpoint.SafetensorsWriter;
import org.instella.model.checkpoint.ShardLayout;
import org.instella.model.checkpoint.TensorInfo;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Models that lie on the disk only, of tensors of several cells that begin anywhere. */
class ColdParentsTest {
  private static final Map<String, Integer> SIZES = new LinkedHashMap<>();

  static {
    SIZES.put("a", 5);
    SIZES.put("b", 3 * Grid.LOCAL_CELL + 17);
    SIZES.put("c", 1);
    SIZES.put("d", Grid.LOCAL_CELL);
  }

  @TempDir private Path root;
  private final List<String> folders = new ArrayList<>();

  @BeforeEach
  void models() {
    for (int m = 0; m < 3; m++) {
      Path folder = root.resolve("model-" + m);
      folders.add(folder.toString());
      write(Location.of(folder), new Random(m));
    }
  }

  private static void write(Location folder, Random random) {
    TinyModels.STORAGE.writeText(
        folder.resolve(ModelFolder.CONFIG), "{\"model_type\": \"instella\"}");
    List<TensorInfo> infos = new ArrayList<>();
    SIZES.forEach((name, size) -> infos.add(TensorInfo.of(name, Dtype.F32, List.of((long) size))));
    try (SafetensorsWriter writer =
        SafetensorsWriter.createWithTreeDigest( // past the page cache
            TinyModels.STORAGE,
            folder.resolve(ShardLayout.SINGLE),
            infos,
            SafetensorsWriter.TORCH_METADATA)) {
      for (TensorInfo tensor : writer.tensors()) {
        double[] values = random.doubles(tensor.elements(), -1, 1).toArray();
        ByteBuffer bytes = ByteBuffer.allocate((int) tensor.bytes());
        Dtype.F32.encode(values, 0, values.length, bytes);
        writer.write(tensor.name(), bytes.flip());
      }
      writer.finish();
    }
  }

  private MergeConfig recipe(String method) {
    Settings settings =
        Recipe.parse(
                "models = [\"%s\"], base = \"%s\", method = %s"
                    .formatted(String.join("\", \"", folders), folders.get(0), method),
                "merge.conf")
            .root();
    return MergeConfig.from(settings);
  }

  private Manifest merge(MergeConfig config, Parents parents, String output) {
    try (CheckpointMerger merger =
        CheckpointMerger.open(TinyModels.STORAGE, config, parents, () -> false)) {
      return merger.merge(Location.of(root.resolve(output)));
    }
  }

  /** One that reads every tensor once, by its kernel and by blocks, and one that passes over it. */
  @ParameterizedTest
  @ValueSource(strings = {"mean", "mean, arithmetic = reference", "dare-linear", "ties"})
  void mergesAreTheSameFromTheDiskAndFromMemory(String method) throws IOException {
    Manifest fromDisk = merge(recipe(method), Parents.READ_ONCE, "once");
    Manifest again = merge(recipe(method), Parents.READ_AGAIN, "again"); // now in memory
    Manifest fromMemory = merge(recipe(method), Parents.READ_ONCE, "once-more");
    assertThat(again.files()).isEqualTo(fromDisk.files());
    assertThat(fromMemory.files()).isEqualTo(fromDisk.files());
    assertThat(fromDisk.facts().toString()).contains("crc32c");
    assertThat(fromMemory.digest()).isEqualTo(fromDisk.digest());
    assertThat(Files.mismatch(weights("once"), weights("again"))).isEqualTo(-1);
  }

  private Path weights(String output) {
    return root.resolve(output).resolve(ShardLayout.SINGLE);
  }

  @Test
  void onlyMethodsThatReadOnceGoPastTheCache() {
    assertThat(recipe("mean").passesOverTensors()).isFalse();
    assertThat(recipe("dare-ties").passesOverTensors()).isFalse();
    for (String method : List.of("ties", "breadcrumbs", "model-stock", "multi-slerp")) {
      assertThat(recipe(method).passesOverTensors()).as(method).isTrue();
    }
  }

  @ParameterizedTest
  @EnumSource(Parents.class)
  void aFileThatBecomesShorterInTheMiddleIsNamed(Parents parents) throws IOException {
    try (CheckpointMerger merger =
        CheckpointMerger.open(TinyModels.STORAGE, recipe("mean"), parents, () -> false)) {
      Path weights = root.resolve("model-1").resolve(ShardLayout.SINGLE);
      try (FileChannel channel = FileChannel.open(weights, StandardOpenOption.WRITE)) {
        channel.truncate(channel.size() / 2);
      }
      assertThatThrownBy(() -> merger.merge(Location.of(root.resolve("merged"))))
          .isInstanceOf(DataException.class)
          .hasMessageContaining(weights + " became shorter while it was read: tensor \"b\" is cut");
    }
    assertThat(root.resolve("merged")).doesNotExist();
  }
}
