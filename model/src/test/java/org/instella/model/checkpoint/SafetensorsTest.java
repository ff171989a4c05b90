package org.instella.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.instella.conf.SharedData;
import org.instella.conf.error.DataException;
import org.instella.conf.manifest.Digests;
import org.instella.conf.manifest.FileDigest;
import org.instella.conf.storage.AlignedMemory;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsTest {
  private static final Storage STORAGE = Storage.standard();
  private static final String TWO =
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
          + "\"b\":{\"dtype\":\"BF16\",\"shape\":[2,1],\"data_offsets\":[8,12]}}";

  @TempDir private Path folder;

  private Location file(byte[] header, long declared, int dataBytes) throws IOException {
    Path path = folder.resolve("w.safetensors");
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + header.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
    Files.write(path, bytes.putLong(declared).put(header).array());
    return Location.of(path);
  }

  private Location file(String header, int dataBytes) throws IOException {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    return file(json, json.length, dataBytes);
  }

  @Test
  void readsNamesTypesShapesAndBytes() throws IOException {
    try (SafetensorsReader reader = SafetensorsReader.open(STORAGE, file(TWO + "  ", 12))) {
      assertThat(reader.names()).containsExactly("a", "b");
      assertThat(reader.info("b")).isEqualTo(new TensorInfo("b", Dtype.BF16, List.of(2L, 1L), 8));
      assertThat(reader.buffer("a").remaining()).isEqualTo(8);
      assertThatThrownBy(() -> reader.info("c"))
          .isInstanceOf(DataException.class)
          .hasMessageEndingWith("has no tensor \"c\"; it has 2 others");
    }
  }

  @Test
  void headerOrderNeedNotBeTheOrderOfTheBytes() throws IOException {
    String swapped =
        "{\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[8,12]},"
            + "\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}";
    try (SafetensorsReader reader = SafetensorsReader.open(STORAGE, file(swapped, 12))) {
      assertThat(reader.names()).containsExactly("a", "b");
    }
  }

  static Stream<Arguments> damagedHeaders() {
    String f32 = "\"dtype\":\"F32\",\"shape\":[2]";
    return Stream.of(
        Arguments.of(
            "overlap",
            "{\"a\":{%1$s,\"data_offsets\":[0,8]},\"b\":{%1$s,\"data_offsets\":[4,12]}}",
            12,
            "tensor \"b\" has the bytes [4, 12), which overlaps \"a\", whose end is 8"),
        Arguments.of(
            "gap",
            "{\"a\":{%1$s,\"data_offsets\":[0,8]},\"b\":{%1$s,\"data_offsets\":[9,17]}}",
            17,
            "tensor \"b\" has the bytes [9, 17), which leaves a gap after \"a\", whose end is 8"),
        Arguments.of(
            "gap at the start",
            "{\"a\":{%s,\"data_offsets\":[4,12]}}",
            12,
            "leaves a gap after the header"),
        Arguments.of(
            "same range twice",
            "{\"a\":{%1$s,\"data_offsets\":[0,8]},\"b\":{%1$s,\"data_offsets\":[0,8]}}",
            8,
            "which overlaps \"a\""),
        Arguments.of(
            "duplicate name",
            "{\"a\":{%1$s,\"data_offsets\":[0,8]},\"a\":{%1$s,\"data_offsets\":[8,16]}}",
            16,
            "Duplicate field 'a'"),
        Arguments.of(
            "unknown type",
            "{\"a\":{\"dtype\":\"F7\",\"shape\":[2],\"data_offsets\":[0,8]}}",
            8,
            "tensor \"a\" has the unknown type \"F7\""),
        Arguments.of(
            "shape against bytes",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}",
            8,
            "tensor \"a\" has the bytes [0, 8) but its shape [3] of F32 needs 12 bytes"),
        Arguments.of(
            "range backwards", "{\"a\":{%s,\"data_offsets\":[8,0]}}", 8, "has the bytes [8, 0)"),
        Arguments.of(
            "negative offset",
            "{\"a\":{%s,\"data_offsets\":[-8,0]}}",
            8,
            "tensor \"a\" has the data_offsets entry \"-8\""),
        Arguments.of(
            "huge offset",
            "{\"a\":{%s,\"data_offsets\":[0,99999999999999999999]}}",
            8,
            "has the data_offsets entry \"99999999999999999999\""),
        Arguments.of(
            "huge shape",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,8]}}",
            8,
            "has the shape [4611686018427387904, 4], too large"),
        Arguments.of(
            "one offset",
            "{\"a\":{%s,\"data_offsets\":[0]}}",
            8,
            "lacks a dtype, a shape or a pair"),
        Arguments.of(
            "no dtype", "{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "lacks a dtype"),
        Arguments.of(
            "unknown field",
            "{\"a\":{%s,\"data_offsets\":[0,8],\"x\":1}}",
            8,
            "has the unknown field \"x\""),
        Arguments.of(
            "trailing bytes",
            "{\"a\":{%s,\"data_offsets\":[0,8]}}",
            9,
            "has trailing bytes: its tensors need 8 bytes after the header but 9 are there"),
        Arguments.of(
            "cut short",
            "{\"a\":{%s,\"data_offsets\":[0,8]}}",
            7,
            "is cut short: its tensors need 8 bytes after the header but 7 are there"),
        Arguments.of("not an object", "[1]", 0, "header that does not begin with {"),
        Arguments.of("not JSON", "{\"a\":", 0, "not the JSON it must be"),
        Arguments.of("two objects", "{} {}", 0, "bytes after the end of its header"),
        Arguments.of(
            "metadata no text",
            "{\"__metadata__\":{\"k\":1}}",
            0,
            "__metadata__ \"k\" that is no text"),
        Arguments.of("deep nesting", "{\"a\":" + "[".repeat(5000) + "}", 0, "Safetensors file"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("damagedHeaders")
  void refusesADamagedHeaderInOneLine(String name, String header, int data, String message)
      throws IOException {
    String f32 = "\"dtype\":\"F32\",\"shape\":[2]";
    Location file = file(header.replace("%1$s", f32).replace("%s", f32), data);
    assertThatThrownBy(() -> SafetensorsReader.open(STORAGE, file))
        .isInstanceOf(DataException.class)
        .hasMessageContaining(file.uri())
        .hasMessageContaining(message)
        .hasMessageNotContaining("\n");
  }

  @Test
  void refusesLengthsBeyondTheFileAndBeyondTheLimit() throws IOException {
    byte[] json = TWO.getBytes(StandardCharsets.UTF_8);
    Location beyond = file(json, 5000, 12);
    assertThatThrownBy(() -> SafetensorsReader.open(STORAGE, beyond))
        .hasMessageContaining("says that its header has 5,000 bytes but the file has");
    Location huge = file(json, 100_000_001, 12);
    assertThatThrownBy(() -> SafetensorsReader.open(STORAGE, huge))
        .hasMessageContaining("says that its header has 100000001 bytes; at most 100,000,000");
    Location negative = file(json, -1, 12);
    assertThatThrownBy(() -> SafetensorsReader.open(STORAGE, negative))
        .hasMessageContaining("header has 18446744073709551615 bytes");
    Files.write(folder.resolve("w.safetensors"), new byte[5]);
    assertThatThrownBy(() -> SafetensorsReader.open(STORAGE, negative))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("has only 5 bytes");
  }

  @Test
  void refusesAHeaderThatIsNotUtf8() throws IOException {
    byte[] json = "{\"\u00e9\":1}".getBytes(StandardCharsets.ISO_8859_1);
    Location file = file(json, json.length, 0);
    assertThatThrownBy(() -> SafetensorsReader.open(STORAGE, file))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("header that is not UTF-8");
  }

  @Test
  void writesInTheOrderOfTheReferenceAndReadsBack() {
    Location file = Location.of(folder.resolve("out.safetensors"));
    FileDigest digest;
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(
            STORAGE,
            file,
            List.of(
                TensorInfo.of("b", Dtype.F16, List.of(2L)),
                TensorInfo.of("z", Dtype.F32, List.of(1L)),
                TensorInfo.of("empty", Dtype.F32, List.of(0L, 4L)),
                TensorInfo.of("a", Dtype.F32, List.of())),
            SafetensorsWriter.TORCH_METADATA)) {
      assertThat(writer.tensors())
          .extracting(TensorInfo::name)
          .containsExactly("a", "empty", "z", "b");
      writer.write("a", bytes(1, 2, 3, 4));
      assertThatThrownBy(() -> writer.write("b", bytes(0, 0, 0, 0)))
          .isInstanceOf(IllegalStateException.class);
      writer.write("z", bytes(5, 6));
      writer.write("z", bytes(7, 8).duplicate());
      writer.write("b", bytes(9, 10, 11, 12));
      digest = writer.finish();
    }
    assertThat(digest).isEqualTo(Digests.of(STORAGE, file, "out.safetensors"));
    try (SafetensorsReader reader = SafetensorsReader.open(STORAGE, file)) {
      assertThat(reader.metadata()).containsEntry("format", "pt").hasSize(1);
      ByteBuffer copy = ByteBuffer.allocate(3);
      reader.read("z", 1, copy);
      assertThat(copy.array()).containsExactly(6, 7, 8);
      assertThat(reader.window("b", 2, 2).get(0)).isEqualTo((byte) 11);
    }
  }

  @Test
  void anUnfinishedFileIsNotAccepted() {
    Location file = Location.of(folder.resolve("out.safetensors"));
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(
            STORAGE, file, List.of(TensorInfo.of("a", Dtype.F32, List.of(2L))), new TreeMap<>())) {
      writer.write("a", bytes(1, 2, 3, 4));
      assertThatThrownBy(writer::finish)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("bytes of tensor a were never written");
    }
    assertThatThrownBy(() -> SafetensorsReader.open(STORAGE, file))
        .hasMessageContaining("is cut short");
  }

  @Test
  void tensorsBeyondTwoGigabytesAreReadInWindows() throws IOException {
    long elements = 700_000_000L; // 2.8 GB of float32 in a sparse file
    String json =
        "{\"big\":{\"dtype\":\"F32\",\"shape\":[%d],\"data_offsets\":[0,%d]}}"
            .formatted(elements, elements * 4);
    Location file = file(json, 0);
    try (RandomAccessFile sparse = new RandomAccessFile(file.toLocalPath().toFile(), "rw")) {
      sparse.setLength(8 + json.length() + elements * 4);
      sparse.seek(8 + json.length() + (elements - 1) * 4);
      sparse.write(new byte[] {0, 0, (byte) 0x80, 0x3f});
    }
    try (SafetensorsReader reader = SafetensorsReader.open(STORAGE, file)) {
      assertThat(reader.window("big", (elements - 2) * 4, 8).getFloat(4)).isEqualTo(1f);
      ByteBuffer copy = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
      reader.read("big", (elements - 1) * 4, copy);
      assertThat(copy.getFloat(0)).isEqualTo(1f);
      assertThatThrownBy(() -> reader.buffer("big"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("map it in windows");
    }
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"head80", "gqa", "long-base"})
  void writesTheBytesOfTheReferenceImplementation(String model) throws IOException {
    Path golden = SharedData.require().resolve("data/golden/model").resolve(model);
    for (String name : List.of("model.safetensors", "forward.safetensors")) {
      Location copy = Location.of(folder.resolve(model + name));
      try (SafetensorsReader reader =
              SafetensorsReader.open(STORAGE, Location.of(golden.resolve(name)));
          SafetensorsWriter writer =
              SafetensorsWriter.create(
                  STORAGE, copy, List.copyOf(reader.tensors()), reader.metadata())) {
        for (TensorInfo tensor : writer.tensors()) {
          writer.write(tensor.name(), reader.buffer(tensor.name()));
        }
        writer.finish();
      }
      assertThat(copy.toLocalPath()).hasSameBinaryContentAs(golden.resolve(name));
    }
  }

  private static ByteBuffer bytes(int... values) {
    ByteBuffer buffer = ByteBuffer.allocateDirect(values.length);
    for (int value : values) {
      buffer.put((byte) value);
    }
    return buffer.flip();
  }

  @Test
  void readingOnceGivesTheSameBytes() throws IOException {
    byte[] data = new byte[700_004];
    new Random(3).nextBytes(data);
    String header =
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[700000],\"data_offsets\":[0,700000]},"
            + "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[700000,700004]}}";
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    Location file = Location.of(folder.resolve("cold.safetensors"));
    try (OutputStream out = STORAGE.createLarge(file)) { // past the cache where that is possible
      ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
      out.write(length.putLong(json.length).array());
      out.write(json);
      out.write(data);
    }
    ByteBuffer room = AlignedMemory.room(600_000);
    try (SafetensorsReader reader = SafetensorsReader.open(STORAGE, file)) {
      assertThat(reader.readOnce("a", 99_999, 600_000, room))
          .isEqualTo(ByteBuffer.wrap(data, 99_999, 600_000));
      assertThat(reader.readOnce("b", 0, 4, room)).isEqualTo(ByteBuffer.wrap(data, 700_000, 4));
      assertThatThrownBy(() -> reader.readOnce("b", 1, 4, room))
          .isInstanceOf(IndexOutOfBoundsException.class);
      try (FileChannel writer = FileChannel.open(file.toLocalPath(), StandardOpenOption.WRITE)) {
        writer.truncate(300_000);
      }
      assertThatThrownBy(() -> reader.readOnce("a", 0, 600_000, room))
          .isInstanceOf(DataException.class)
          .hasMessageContaining("became shorter while it was read: tensor \"a\" is cut");
    }
  }
}
