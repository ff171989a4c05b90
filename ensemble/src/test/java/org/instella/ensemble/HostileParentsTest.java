package org.instella.ensemble;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.instella.conf.error.DataException;
import org.instella.conf.error.EnvironmentException;
import org.instella.conf.error.StoppedException;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.ensemble.method.LinearMerge;
import org.instella.model.checkpoint.Dtype;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Parents from a hostile world, disks that fill, hands that interrupt: one line, nothing left. */
class HostileParentsTest {
  private static final String TWO =
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
          + "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[%s]}}";

  @TempDir private Path root;
  private MergeConfig mean;

  @BeforeEach
  void twoParents() {
    for (String name : List.of("good", "odd")) {
      TinyModels.write(Location.of(root.resolve(name)), TinyModels.random(1), Dtype.F32);
    }
    List<String> folders = List.of(root.resolve("good").toString(), root.resolve("odd").toString());
    mean = MergeConfig.of(MergeStage.of(folders, LinearMerge.mean(2)));
  }

  static Stream<Arguments> headers() {
    String one = "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,%s]}}";
    return Stream.of(
        Arguments.of("range beyond the file", one.formatted(800), -1L, 16),
        Arguments.of("overlapping ranges", TWO.formatted("4,12"), -1L, 12),
        Arguments.of("hole between ranges", TWO.formatted("12,20"), -1L, 20),
        Arguments.of(
            "two tensors of one name", TWO.replace("\"b\"", "\"a\"").formatted("8,16"), -1L, 16),
        Arguments.of("shape and range disagree", one.formatted(4), -1L, 4),
        Arguments.of("negative offset", TWO.formatted("-8,0"), -1L, 16),
        Arguments.of("no JSON", "{\"a\":", -1L, 8),
        Arguments.of("header longer than the file", one.formatted(8), 5_000L, 8),
        Arguments.of("huge header", one.formatted(8), 1L << 60, 8),
        Arguments.of("length with the sign bit", one.formatted(8), Long.MIN_VALUE, 8));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("headers")
  void aMalformedHeaderIsRefusedInOneLine(String what, String header, long says, int data)
      throws IOException {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer file = ByteBuffer.allocate(8 + json.length + data).order(ByteOrder.LITTLE_ENDIAN);
    file.putLong(says == -1 ? json.length : says).put(json);
    Files.write(root.resolve("odd/model.safetensors"), file.array());
    assertThatThrownBy(() -> merge(TinyModels.STORAGE))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("odd/model.safetensors")
        .hasMessageNotContaining("\n");
    assertNothingLeft();
  }

  @Test
  void aFileThatShrinksWhileItIsReadIsNamed() throws IOException {
    try (CheckpointMerger merger = CheckpointMerger.open(TinyModels.STORAGE, mean)) {
      Path weights = root.resolve("odd/model.safetensors");
      byte[] whole = Files.readAllBytes(weights);
      try (var channel = FileChannel.open(weights, StandardOpenOption.WRITE)) {
        channel.truncate(whole.length - 1000);
      }
      assertThatThrownBy(() -> merger.merge(output()))
          .isInstanceOf(DataException.class)
          .hasMessageContaining("odd/model.safetensors became shorter while it was read");
    }
    assertNothingLeft();
  }

  @Test
  void aFullDiskInTheMiddleOfAFileLeavesNothingHalfWritten() throws IOException {
    Storage full =
        watching(
            3,
            () -> {
              throw new IOException("No space left on device");
            });
    assertThatThrownBy(() -> merge(full))
        .isInstanceOf(EnvironmentException.class)
        .hasMessageContaining("No space left on device")
        .hasMessageNotContaining("\n");
    assertNothingLeft();
    merge(TinyModels.STORAGE);
    Manifest.read(TinyModels.STORAGE, output()).verify(TinyModels.STORAGE, output());
  }

  @Test
  void anInterruptInTheMiddleOfAFileStopsAndTheNextRunFinishes() throws IOException {
    Storage interrupting = watching(3, () -> Thread.currentThread().interrupt());
    assertThatThrownBy(() -> merge(interrupting))
        .isInstanceOf(StoppedException.class)
        .hasMessage("The merge was interrupted; run it again to resume");
    assertThat(Thread.interrupted()).isTrue();
    assertNothingLeft();
    merge(TinyModels.STORAGE);
    assertThat(root.resolve("merged/model.safetensors")).exists();
  }

  @Test
  void finishedFilesSurviveAFullDiskAndPartsDoNot() throws IOException {
    MergeConfig cut = mean.withShardLimit(15_000);
    try (CheckpointMerger merger = CheckpointMerger.open(TinyModels.STORAGE, cut)) {
      merger.writeShard(output(), 0);
      Path staging;
      try (Stream<Path> all = Files.list(root)) {
        staging =
            all.filter(path -> path.toString().contains("._merge-")).findFirst().orElseThrow();
      }
      Files.writeString(staging.resolve(".part-of-a-killed-task"), "half");
      merger.cleanUp(
          output(), new EnvironmentException(MergeError.MERGE_STOPPED, "No space left on device"));
      try (Stream<Path> kept = Files.list(staging)) {
        assertThat(kept.map(path -> path.getFileName().toString()))
            .containsExactlyInAnyOrder(
                "model-00001-of-00007.safetensors", ".model-00001-of-00007.safetensors.done");
      }
      merger.cleanUp(output(), new DataException(MergeError.WEIGHT_NOT_FINITE, "NaN"));
    }
    assertNothingLeft();
  }

  /** Does something at a write of the weights, once. */
  private interface AtWrite {
    void run() throws IOException;
  }

  private static Storage watching(int atWrite, AtWrite action) {
    AtomicInteger writes = new AtomicInteger();
    return (Storage)
        Proxy.newProxyInstance(
            Storage.class.getClassLoader(),
            new Class<?>[] {Storage.class},
            (proxy, method, arguments) -> {
              Object result;
              try {
                result = method.invoke(TinyModels.STORAGE, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
              boolean weights =
                  method.getName().startsWith("create")
                      && ((Location) arguments[0]).name().startsWith(".model.safetensors");
              return weights
                  ? new FilterOutputStream((OutputStream) result) {
                    @Override
                    public void write(byte[] bytes, int from, int count) throws IOException {
                      if (writes.incrementAndGet() == atWrite) {
                        action.run();
                      }
                      out.write(bytes, from, count);
                    }
                  }
                  : result;
            });
  }

  private Location output() {
    return Location.of(root.resolve("merged"));
  }

  private void merge(Storage storage) {
    try (CheckpointMerger merger = CheckpointMerger.open(storage, mean.withThreads(1))) {
      merger.merge(output());
    }
  }

  private void assertNothingLeft() throws IOException {
    try (Stream<Path> all = Files.list(root)) {
      assertThat(all.map(path -> path.getFileName().toString()))
          .containsExactlyInAnyOrder("good", "odd");
    }
  }
}
