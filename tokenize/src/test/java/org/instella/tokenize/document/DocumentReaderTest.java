package org.instella.tokenize.document;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.ZstdOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import java.util.zip.GZIPOutputStream;
import org.instella.conf.error.DataException;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.tokenize.document.RejectedLine.Reason;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class DocumentReaderTest {
  @TempDir Path folder;

  @Test
  void readsLinesWithTheirPlaces() throws IOException {
    String text =
        """
        {"id":"a","text":"one","source":"s","metadata":{"text":"no","x":[1,2,NaN]}}

        {"text":"two \\u00e9\\ud83d\\ude00 \u00fc","id":7}\r
        {"id":"c","text":"old","text":"three"}""";
    assertThat(read("x.jsonl", text.getBytes(UTF_8)))
        .containsExactly(
            new Document("a", "one", "s", "x.jsonl", 1),
            new Document("7", "two é😀 ü", "", "x.jsonl", 3),
            new Document("c", "three", "", "x.jsonl", 4));
  }

  @Test
  void namesADocumentWithoutIdAfterItsPlace() throws IOException {
    assertThat(
            read("x.jsonl", "\uFEFF{\"text\":\"\"}\n{\"text\":\"b\",\"id\":null}".getBytes(UTF_8)))
        .containsExactly(
            new Document("x.jsonl:1", "", "", "x.jsonl", 1),
            new Document("x.jsonl:2", "b", "", "x.jsonl", 2));
  }

  @ParameterizedTest(name = "{0} is {1}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"text\":\"a\"|BAD_JSON",
        "{\"text\":\"a\"} {}|BAD_JSON",
        "{text:1}|BAD_JSON",
        "{\"text\":\"a\u0001b\"}|BAD_JSON",
        "\"text\"|NOT_AN_OBJECT",
        "[1]|NOT_AN_OBJECT",
        "{\"id\":\"a\"}|TEXT_MISSING",
        "{\"text\":null}|TEXT_MISSING",
        "{\"text\":3}|TEXT_NOT_A_STRING",
        "{\"text\":[\"a\"]}|TEXT_NOT_A_STRING",
        "{\"text\":\"a\",\"id\":{}}|FIELD_NOT_A_STRING",
        "{\"text\":\"\\ud800\"}|INVALID_UNICODE",
      })
  void rejectsALineThatIsNoDocumentAndGoesOn(String line, Reason reason) throws IOException {
    String text =
        "{\"text\":\"before\",\"id\":\"1\"}\n" + line + "\n{\"text\":\"after\",\"id\":\"3\"}\n";
    List<DocumentEntry> entries = read("x.jsonl", text.getBytes(UTF_8));
    assertThat(entries).hasSize(3);
    assertThat(entries.get(2)).isEqualTo(new Document("3", "after", "", "x.jsonl", 3));
    RejectedLine rejected = (RejectedLine) entries.get(1);
    assertThat(rejected.reason()).isEqualTo(reason);
    assertThat(rejected.file()).isEqualTo("x.jsonl");
    assertThat(rejected.line()).isEqualTo(2);
    assertThat(rejected.offset()).isEqualTo(27);
    assertThat(UTF_8.decode(rejected.raw()).toString()).isEqualTo(line);
    assertThat(rejected.detail()).isNotBlank();
  }

  @ParameterizedTest(name = "bytes {0}")
  @CsvSource({
    "ff",
    "c080",
    "c1bf",
    "e08080",
    "eda080",
    "f08080af",
    "f4908080",
    "f8888080",
    "e282",
    "80",
    "c3"
  })
  void rejectsBytesThatAreNotUtf8(String hex) throws IOException {
    byte[] bad = HexFormat.of().parseHex(hex);
    List<DocumentEntry> entries =
        read("x.jsonl", joined("{\"text\":\"aé".getBytes(UTF_8), bad, "\"}\n".getBytes(UTF_8)));
    assertThat(entries).hasSize(1);
    RejectedLine rejected = (RejectedLine) entries.get(0);
    assertThat(rejected.reason()).isEqualTo(Reason.INVALID_UNICODE);
    assertThat(rejected.detail()).startsWith("byte 12 of the line");
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void agreesWithTheJdkAboutUtf8(long seed) {
    Random random = new Random(seed);
    int[] interesting = {0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC1, 0xC2, 0xDF, 0xE0};
    int[] leads = {0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF};
    byte[] bytes = new byte[random.nextInt(random.nextBoolean() ? 24 : 200)];
    Arrays.fill(bytes, (byte) 'a');
    int spread = 1 + random.nextInt(40); // runs of ASCII between them
    for (int i = 0; i < bytes.length; i++) {
      if (bytes.length >= 24 && random.nextInt(spread) > 0) {
        continue;
      }
      int[] from = random.nextBoolean() ? interesting : leads;
      bytes[i] = (byte) from[random.nextInt(from.length)];
    }
    boolean valid;
    try {
      UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
      valid = true;
    } catch (CharacterCodingException e) {
      valid = false;
    }
    assertThat(Utf8.firstBad(bytes, 0, bytes.length) < 0)
        .as(HexFormat.of().formatHex(bytes))
        .isEqualTo(valid);
  }

  /** A lent text is whole until the next is asked for, whatever is read between the two. */
  @Test
  void lendsTheTextsThatItWouldGive() throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 300; i++) {
      String text = ("\\u00e9" + i + "\\n").repeat(i * 7 % 50 + 1);
      lines.append("{\"text\":\"%s\",\"id\":\"%d\",\"source\":\"s\"}\n".formatted(text, i));
    }
    InputSlice slice = InputSlice.whole(file("x.jsonl", lines.toString().getBytes(UTF_8)));
    List<DocumentEntry> own = read(slice, DocumentLimits.STANDARD);
    assertThat(own).hasSize(300);
    List<String> lent = new ArrayList<>();
    boolean shared = false;
    byte[] before = null;
    try (DocumentReader reader =
        DocumentReader.open(
            Storage.standard(), slice, DocumentSchema.DOLMA, DocumentLimits.STANDARD)) {
      reader.lendTexts();
      while (reader.hasNext()) {
        Document document = (Document) reader.next();
        lent.add(new String(document.bytes(), 0, document.size(), UTF_8));
        shared |= document.bytes() == before;
        before = document.bytes();
      }
    }
    assertThat(lent).isEqualTo(own.stream().map(entry -> ((Document) entry).text()).toList());
    assertThat(shared).isTrue();
  }

  @Test
  void checksUtf8OfEveryLengthToTheLastByte() {
    for (int length = 0; length < 150; length++) {
      byte[] bytes = new byte[length];
      Arrays.fill(bytes, (byte) 'a');
      assertThat(Utf8.firstBad(bytes, 0, length)).isEqualTo(-1);
      for (int at = 0; at < length; at++) {
        bytes[at] = (byte) 0xC3; // the first half of a character
        assertThat(Utf8.firstBad(bytes, 0, length)).isEqualTo(at);
        bytes[at] = 'a';
      }
    }
  }

  static LongStream seeds() {
    return LongStream.range(0, 300);
  }

  @ParameterizedTest
  @CsvSource({"x.jsonl", "x.jsonl.gz", "x.jsonl.zst"})
  void rejectsALineOverTheLimitWithoutHoldingIt(String name) throws IOException {
    byte[] giant = new byte[3 << 20];
    Arrays.fill(giant, (byte) 'a');
    byte[] text =
        joined(
            "{\"text\":\"x\",\"id\":\"1\"}\n{\"text\":\"".getBytes(UTF_8),
            giant,
            "\"}\n{\"text\":\"y\",\"id\":\"3\"}".getBytes(UTF_8));
    DocumentLimits limits = new DocumentLimits(1 << 20, 400, 1 << 30, 20);
    List<DocumentEntry> entries = read(name, packed(name, text), limits);
    assertThat(entries).hasSize(3);
    RejectedLine rejected = (RejectedLine) entries.get(1);
    assertThat(rejected.reason()).isEqualTo(Reason.LINE_TOO_LONG);
    assertThat(rejected.bytes()).isEqualTo((3 << 20) + 11);
    assertThat(rejected.offset()).isEqualTo(22);
    assertThat(UTF_8.decode(rejected.raw()).toString()).isEqualTo("{\"text\":\"aaaaaaaaaaa");
    assertThat(entries.get(2)).isEqualTo(new Document("3", "y", "", name, 3));
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("fewSeeds")
  void compressedFilesOfManyPartsReadAsThePlainOne(long seed) throws IOException {
    Random random = new Random(seed);
    List<DocumentEntry> expected = new ArrayList<>();
    ByteArrayOutputStream plain = new ByteArrayOutputStream();
    ByteArrayOutputStream gzip = new ByteArrayOutputStream();
    ByteArrayOutputStream zstd = new ByteArrayOutputStream();
    for (int part = 0; part < 1 + random.nextInt(6); part++) {
      StringBuilder lines = new StringBuilder();
      for (int i = random.nextInt(4); i > 0; i--) {
        String text = "w".repeat(random.nextInt(random.nextInt(10) == 0 ? 400_000 : 100));
        lines.append("{\"id\":\"%d\",\"text\":\"%s\"}\n".formatted(expected.size(), text));
        expected.add(new Document("" + expected.size(), text, "", "x", expected.size() + 1));
      }
      byte[] bytes = lines.toString().getBytes(UTF_8);
      plain.write(bytes);
      gzip.write(packed(".gz", bytes));
      zstd.write(packed(".zst", bytes));
    }
    gzip.write(new byte[random.nextInt(3)]);
    assertThat(unnamed(read("x.jsonl", plain.toByteArray()))).isEqualTo(expected);
    assertThat(unnamed(read("x.jsonl.gz", gzip.toByteArray()))).isEqualTo(expected);
    assertThat(unnamed(read("x.jsonl.zst", zstd.toByteArray()))).isEqualTo(expected);
  }

  static LongStream fewSeeds() {
    return LongStream.range(0, 20);
  }

  @ParameterizedTest
  @CsvSource({"x.jsonl.gz", "x.jsonl.zst"})
  void refusesACompressedFileThatIsCutShort(String name) throws IOException {
    byte[] whole = packed(name, lines(2000).getBytes(UTF_8));
    for (int length : new int[] {0, 1, 5, 12, 100, whole.length / 2, whole.length - 1}) {
      if (length == 0 && name.endsWith("zst")) {
        continue; // no frame at all is an empty file
      }
      assertThatThrownBy(() -> read(name, Arrays.copyOf(whole, length)))
          .as("%d of %d bytes", length, whole.length)
          .isInstanceOf(DataException.class)
          .hasMessageContaining(folder.resolve(name) + " cannot be unpacked behind byte ")
          .hasMessageContaining("of %,d stored bytes read".formatted(length));
    }
  }

  @ParameterizedTest
  @CsvSource({"x.jsonl.gz", "x.jsonl.zst"})
  void refusesACompressedFileWithAFlippedByte(String name) throws IOException {
    byte[] bytes = packed(name, lines(2000).getBytes(UTF_8));
    bytes[bytes.length / 2] ^= 0x10;
    assertThatThrownBy(() -> read(name, bytes))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("cannot be unpacked");
  }

  @ParameterizedTest
  @CsvSource({"x.jsonl.gz", "x.jsonl.zst"})
  void stopsAtADecompressionBomb(String name) throws IOException {
    byte[] newlines = new byte[8 << 20];
    Arrays.fill(newlines, (byte) '\n');
    DocumentLimits limits = new DocumentLimits(1 << 20, 100, 1 << 20, 100);
    assertThatThrownBy(() -> read(name, packed(name, newlines), limits))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("unpacks to more than 100.0 times its size")
        .hasMessageContaining("limits.expansion");
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("fewSeeds")
  void slicesOfAPlainFileCoverItsLinesOnce(long seed) throws IOException {
    Random random = new Random(seed);
    String text = lines(1 + random.nextInt(60));
    InputFile file = file("x.jsonl", text.getBytes(UTF_8));
    List<String> ids = new ArrayList<>();
    for (WorkUnit unit : WorkPacking.units(List.of(file), 1 + random.nextInt(300))) {
      for (InputSlice slice : unit.slices()) {
        long line = 0;
        for (DocumentEntry entry : read(slice, DocumentLimits.STANDARD)) {
          Document document = (Document) entry;
          ids.add(document.id());
          assertThat(document.line()).isEqualTo(++line);
          assertThat(document.file())
              .isEqualTo(slice.start() == 0 ? "x.jsonl" : "x.jsonl#" + slice.start());
        }
      }
    }
    List<String> whole = new ArrayList<>();
    read("x.jsonl", text.getBytes(UTF_8)).forEach(entry -> whole.add(((Document) entry).id()));
    assertThat(ids).isEqualTo(whole);
  }

  @Test
  void readsAnEmptyFileAsNoDocuments() throws IOException {
    assertThat(read("x.jsonl", new byte[0])).isEmpty();
    assertThat(read("x.jsonl.gz", packed(".gz", new byte[0]))).isEmpty();
    assertThat(read("x.jsonl.zst", packed(".zst", new byte[0]))).isEmpty();
  }

  @Test
  void countsBytesAndTime() throws IOException {
    byte[] text = lines(5000).getBytes(UTF_8);
    byte[] bytes = packed(".gz", text);
    InputFile file = file("x.jsonl.gz", bytes);
    try (DocumentReader reader =
        DocumentReader.open(
            Storage.standard(),
            InputSlice.whole(file),
            DocumentSchema.DOLMA,
            DocumentLimits.STANDARD)) {
      reader.forEachRemaining(entry -> {});
      assertThat(reader.times().storedBytes()).isEqualTo(bytes.length);
      assertThat(reader.times().unpackedBytes()).isEqualTo(text.length);
      assertThat(reader.times().unpackNanos()).isPositive();
      assertThat(reader.times().parseNanos()).isPositive();
    }
  }

  /** Good and bad files, read to the end or left in the middle, each as if it were the first. */
  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void readsFileAfterFileInTheSameBuffers(long seed) throws IOException {
    Random random = new Random(seed);
    ReadBuffers buffers = new ReadBuffers();
    for (int i = 0; i < 12; i++) {
      String name = "x%d.jsonl%s".formatted(i, List.of("", ".gz", ".zst").get(random.nextInt(3)));
      byte[] bytes = packed(name, randomLines(random).getBytes(UTF_8));
      if (random.nextInt(4) == 0) {
        bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length));
      }
      InputSlice slice = InputSlice.whole(file(name, bytes));
      int most = random.nextInt(3) == 0 ? random.nextInt(20) : Integer.MAX_VALUE;
      assertThat(readInTurn(slice, buffers, most))
          .as("file %d", i)
          .isEqualTo(readInTurn(slice, new ReadBuffers(), most));
    }
  }

  @Test
  void twoOpenReadersDoNotShareBuffers() throws IOException {
    ReadBuffers buffers = new ReadBuffers();
    InputSlice slice = InputSlice.whole(file("x.jsonl", lines(1).getBytes(UTF_8)));
    try (DocumentReader first = open(slice, buffers)) {
      assertThatThrownBy(() -> open(slice, buffers))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("another reader that was not closed");
      assertThat(first.hasNext()).isTrue();
      first.close();
      try (DocumentReader next = open(slice, buffers)) {
        first.close(); // takes nothing from the next one
        assertThatThrownBy(() -> open(slice, buffers)).isInstanceOf(IllegalStateException.class);
        assertThat(next.hasNext()).isTrue();
      }
    }
  }

  /** What was read, each text as it was lent, and how it ended. */
  private static List<String> readInTurn(InputSlice slice, ReadBuffers buffers, int most) {
    List<String> read = new ArrayList<>();
    try (DocumentReader reader = open(slice, buffers)) {
      reader.lendTexts();
      while (read.size() < most && reader.hasNext()) {
        DocumentEntry entry = reader.next();
        read.add(entry instanceof Document document ? document.id() + document.text() : "" + entry);
      }
    } catch (DataException e) {
      read.add(e.getMessage());
    }
    return read;
  }

  private static DocumentReader open(InputSlice slice, ReadBuffers buffers) {
    return DocumentReader.open(
        Storage.standard(), slice, DocumentSchema.DOLMA, DocumentLimits.STANDARD, buffers);
  }

  /** Short lines and very long ones, some of them no documents. */
  private static String randomLines(Random random) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(60); i >= 0; i--) {
      String word = Long.toString(random.nextLong(), 36) + "\\n\\u00e9ü";
      int times = random.nextInt(20) == 0 ? random.nextInt(20_000) : random.nextInt(40);
      String value = random.nextInt(10) == 0 ? "7" : "\"" + word.repeat(times) + "\"";
      text.append("{\"id\":\"d%d\",\"text\":%s}\n".formatted(i, value));
    }
    return text.toString();
  }

  private static String lines(int count) {
    StringBuilder text = new StringBuilder();
    Random random = new Random(count);
    for (int i = 0; i < count; i++) {
      text.append(
          "{\"id\":\"d%d\",\"text\":\"%s\"}\n".formatted(i, Long.toString(random.nextLong(), 36)));
    }
    return text.toString();
  }

  private static List<DocumentEntry> unnamed(List<DocumentEntry> entries) {
    return entries.stream()
        .map(entry -> (Document) entry)
        .map(d -> (DocumentEntry) new Document(d.id(), d.text(), d.source(), "x", d.line()))
        .toList();
  }

  private List<DocumentEntry> read(String name, byte[] bytes) throws IOException {
    return read(name, bytes, DocumentLimits.STANDARD);
  }

  private List<DocumentEntry> read(String name, byte[] bytes, DocumentLimits limits)
      throws IOException {
    return read(InputSlice.whole(file(name, bytes)), limits);
  }

  private static List<DocumentEntry> read(InputSlice slice, DocumentLimits limits) {
    List<DocumentEntry> entries = new ArrayList<>();
    try (DocumentReader reader =
        DocumentReader.open(Storage.standard(), slice, DocumentSchema.DOLMA, limits)) {
      reader.forEachRemaining(entries::add);
    }
    return entries;
  }

  private InputFile file(String name, byte[] bytes) throws IOException {
    Path path = Files.write(folder.resolve(name), bytes);
    return new InputFile(Location.of(path), name, bytes.length, InputFormat.of(name).orElseThrow());
  }

  static byte[] packed(String name, byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    if (name.endsWith(".zst")) {
      // With a checksum, as the zstd command writes it.
      try (ZstdOutputStream zstd = new ZstdOutputStream(out).setChecksum(true)) {
        zstd.write(bytes);
      }
    } else if (name.endsWith(".gz")) {
      try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
        gzip.write(bytes);
      }
    } else {
      out.writeBytes(bytes);
    }
    return out.toByteArray();
  }

  private static byte[] joined(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }
}
