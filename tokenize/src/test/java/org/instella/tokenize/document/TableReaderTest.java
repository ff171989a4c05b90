package org.instella.tokenize.document;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.LargeVarCharVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowFileWriter;
import org.apache.arrow.vector.ipc.ArrowStreamWriter;
import org.apache.arrow.vector.ipc.ArrowWriter;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroupFactory;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.instella.conf.error.DataException;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.tokenize.document.RejectedLine.Reason;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class TableReaderTest {
  private static final MessageType SCHEMA =
      MessageTypeParser.parseMessageType(
          "message documents { optional binary id (STRING); required int64 length;"
              + " optional binary text (STRING); }");

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(names = {"UNCOMPRESSED", "SNAPPY", "GZIP", "ZSTD"})
  void readsParquetInEveryCompression(CompressionCodecName codec) throws IOException {
    Path file = parquet(codec, 1 << 20, 500);
    assertThat(read(InputSlice.whole(input(file)))).isEqualTo(documents(500, file));
  }

  @Test
  void slicesOfAParquetFileCoverItsRowGroupsOnce() throws IOException {
    Path file = parquet(CompressionCodecName.UNCOMPRESSED, 4096, 2000);
    List<DocumentEntry> entries = new ArrayList<>();
    List<WorkUnit> units = WorkPacking.units(List.of(input(file)), 10_000);
    assertThat(units).hasSizeGreaterThan(3);
    for (WorkUnit unit : units) {
      unit.slices().forEach(slice -> entries.addAll(read(slice)));
    }
    assertThat(entries).isEqualTo(documents(2000, file));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void readsArrowFilesAndStreams(boolean asFile) throws IOException {
    Path file = folder.resolve("x.arrow");
    try (BufferAllocator allocator = new RootAllocator();
        VarCharVector ids = new VarCharVector("id", allocator);
        LargeVarCharVector texts = new LargeVarCharVector("text", allocator);
        VectorSchemaRoot root = VectorSchemaRoot.of(ids, texts);
        FileOutputStream out = new FileOutputStream(file.toFile());
        ArrowWriter writer =
            asFile
                ? new ArrowFileWriter(root, null, out.getChannel())
                : new ArrowStreamWriter(root, null, out.getChannel())) {
      writer.start();
      for (int batch = 0; batch < 3; batch++) {
        for (int row = 0; row < 100; row++) {
          ids.setSafe(row, ("d" + (100 * batch + row)).getBytes(UTF_8));
          texts.setSafe(row, text(100 * batch + row).getBytes(UTF_8));
        }
        root.setRowCount(100);
        writer.writeBatch();
        root.clear();
      }
      writer.end();
    }
    assertThat(read(InputSlice.whole(input(file)))).isEqualTo(documents(300, file));

    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length / 2));
    assertThatThrownBy(() -> read(InputSlice.whole(input(file))))
        .isInstanceOf(DataException.class)
        .hasMessageContaining(file + " cannot be read: it is no whole Arrow file");
  }

  @Test
  void rejectsRowsWithoutTextAndTextThatIsNotUtf8() throws IOException {
    Path file = folder.resolve("bad.parquet");
    try (ParquetWriter<Group> writer = writer(file, CompressionCodecName.SNAPPY, 1 << 20)) {
      SimpleGroupFactory rows = new SimpleGroupFactory(SCHEMA);
      writer.write(rows.newGroup().append("length", 1L));
      Group bad = rows.newGroup().append("length", 1L);
      bad.add("text", Binary.fromConstantByteArray(new byte[] {'a', (byte) 0xFF}));
      writer.write(bad);
    }
    List<DocumentEntry> entries = read(InputSlice.whole(input(file)));
    assertThat(entries)
        .extracting(entry -> ((RejectedLine) entry).reason())
        .containsExactly(Reason.TEXT_MISSING, Reason.INVALID_UNICODE);
    assertThat(entries).extracting(entry -> ((RejectedLine) entry).line()).containsExactly(1L, 2L);
  }

  @Test
  void namesTheColumnsOfATableWithoutTheWantedOne() throws IOException {
    Path file = parquet(CompressionCodecName.SNAPPY, 1 << 20, 3);
    InputSlice slice = InputSlice.whole(input(file));
    assertThatThrownBy(
            () ->
                DocumentReader.open(
                    Storage.standard(),
                    slice,
                    new DocumentSchema("id", "content", "source"),
                    DocumentLimits.STANDARD))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("Column \"content\" of " + file + " is missing")
        .hasMessageContaining("[id, length, text]");
    assertThatThrownBy(
            () ->
                DocumentReader.open(
                    Storage.standard(),
                    slice,
                    new DocumentSchema("id", "length", "source"),
                    DocumentLimits.STANDARD))
        .hasMessageContaining("Column \"length\"")
        .hasMessageContaining("not a string");
  }

  @Test
  void refusesAParquetFileThatIsCutShort() throws IOException {
    Path file = parquet(CompressionCodecName.SNAPPY, 1 << 20, 100);
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length - 20));
    assertThatThrownBy(() -> read(InputSlice.whole(input(file))))
        .isInstanceOf(DataException.class)
        .hasMessageContaining(file + " cannot be read: it is no whole Parquet file");
  }

  private Path parquet(CompressionCodecName codec, int groupBytes, int rows) throws IOException {
    Path file = folder.resolve("x.parquet");
    SimpleGroupFactory groups = new SimpleGroupFactory(SCHEMA);
    try (ParquetWriter<Group> writer = writer(file, codec, groupBytes)) {
      for (int i = 0; i < rows; i++) {
        writer.write(
            groups
                .newGroup()
                .append("id", "d" + i)
                .append("length", (long) i)
                .append("text", text(i)));
      }
    }
    return file;
  }

  private static ParquetWriter<Group> writer(Path file, CompressionCodecName codec, int groupBytes)
      throws IOException {
    return ExampleParquetWriter.builder(new LocalOutputFile(file))
        .withConf(new PlainParquetConfiguration())
        .withType(SCHEMA)
        .withCompressionCodec(codec)
        .withRowGroupSize((long) groupBytes)
        .withMinRowCountForPageSizeCheck(10)
        .build();
  }

  private static String text(int i) {
    return "text é %d ".formatted(i).repeat(1 + i % 7);
  }

  private static List<DocumentEntry> documents(int count, Path file) {
    List<DocumentEntry> documents = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      documents.add(new Document("d" + i, text(i), "", file.getFileName().toString(), i + 1));
    }
    return documents;
  }

  private static InputFile input(Path file) throws IOException {
    String name = file.getFileName().toString();
    return new InputFile(
        Location.of(file), name, Files.size(file), InputFormat.of(name).orElseThrow());
  }

  private static List<DocumentEntry> read(InputSlice slice) {
    List<DocumentEntry> entries = new ArrayList<>();
    try (DocumentReader reader =
        DocumentReader.open(
            Storage.standard(), slice, DocumentSchema.DOLMA, DocumentLimits.STANDARD)) {
      reader.forEachRemaining(entries::add);
    }
    return entries;
  }
}
