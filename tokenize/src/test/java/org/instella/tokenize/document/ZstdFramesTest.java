package org.instella.tokenize.document;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.instella.conf.error.DataException;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ZstdFramesTest {
  private static final Storage STORAGE = Storage.standard();

  @TempDir Path folder;

  static LongStream seeds() {
    return LongStream.range(0, 60);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void partsOfAFileOfFramesCoverItsLinesOnce(long seed) throws IOException {
    Random random = new Random(seed);
    StringBuilder text = new StringBuilder();
    List<String> ids = new ArrayList<>();
    for (int i = random.nextInt(200); i > 0; i--) {
      String word =
          random
              .ints(random.nextInt(80), 'a', 'z')
              .collect(StringBuilder::new, (b, c) -> b.append((char) c), StringBuilder::append)
              .toString();
      ids.add("" + i);
      text.append("{\"id\":\"%d\",\"text\":\"%s\"}\n".formatted(i, word));
    }
    Framed framed = Framed.random(text.toString().getBytes(UTF_8), random, random.nextBoolean());
    long target = 1 + random.nextInt(framed.bytes().length + 1);
    InputFile file = cut(framed.bytes(), target, ZstdSplit.SCAN);
    List<WorkUnit> units = WorkPacking.units(List.of(file), target);
    List<String> read = new ArrayList<>();
    for (WorkUnit unit : units) {
      for (InputSlice slice : unit.slices()) {
        assertThat(framed.starts()).contains(slice.start());
        read(slice, read);
      }
    }
    assertThat(read).as("%d units", units.size()).isEqualTo(ids);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void scanAndTableFindTheSameFrames(long seed) throws IOException {
    Random random = new Random(seed);
    byte[] text = new byte[random.nextInt(600_000)];
    random.nextBytes(text);
    Arrays.fill(
        text, 0, random.nextInt(text.length + 1), (byte) 'x'); // blocks of one byte repeated
    Framed tabled = Framed.random(text, random, true);
    InputFile file = file(tabled.bytes());
    assertThat(ZstdFrames.starts(STORAGE, file, ZstdSplit.TABLE)).isEqualTo(tabled.starts());
    InputFile bare = file(Arrays.copyOf(tabled.bytes(), tabled.tableAt()));
    assertThat(ZstdFrames.starts(STORAGE, bare, ZstdSplit.TABLE)).isEmpty();
    assertThat(ZstdFrames.starts(STORAGE, bare, ZstdSplit.SCAN)).isEqualTo(tabled.starts());
    assertThat(ZstdFrames.starts(STORAGE, file, ZstdSplit.NEVER)).isEmpty();
  }

  @Test
  void aTableThatDoesNotAccountForTheFileIsNotTrusted() throws IOException {
    Framed framed = Framed.random("abc\n".repeat(1000).getBytes(UTF_8), new Random(1), true);
    byte[] bytes = framed.bytes();
    bytes[framed.tableAt() + 8] ^= 1; // the size of the first frame
    assertThat(ZstdFrames.starts(STORAGE, file(bytes), ZstdSplit.TABLE)).isEmpty();
    assertThat(ZstdFrames.starts(STORAGE, file(bytes), ZstdSplit.SCAN)).isEqualTo(framed.starts());
  }

  @Test
  void aScanSaysWhereAFileIsCutShortOrIsNone() throws IOException {
    byte[] frame = Zstd.compress("abcdefg".repeat(100).getBytes(UTF_8));
    for (int length : new int[] {5, 9, frame.length - 2}) {
      InputFile cut = file(Arrays.copyOf(frame, length));
      assertThatThrownBy(() -> ZstdFrames.starts(STORAGE, cut, ZstdSplit.SCAN))
          .isInstanceOf(DataException.class)
          .hasMessageContaining(cut.location() + " cannot be read: it is cut short at packed byte");
    }
    InputFile text = file("no frame at all".getBytes(UTF_8));
    assertThatThrownBy(() -> ZstdFrames.starts(STORAGE, text, ZstdSplit.SCAN))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("no Zstandard frame begins at packed byte 0");
  }

  private InputFile cut(byte[] bytes, long target, ZstdSplit split) throws IOException {
    DocumentFiles files = new DocumentFiles(Location.of(folder), List.of(file(bytes)), List.of());
    return files.withCuts(STORAGE, target, split).files().get(0);
  }

  private InputFile file(byte[] bytes) throws IOException {
    Path path = Files.write(folder.resolve("x.jsonl.zst"), bytes);
    return new InputFile(
        Location.of(path), "x.jsonl.zst", bytes.length, InputFormat.JSON_LINES_ZSTD);
  }

  private static void read(InputSlice slice, List<String> ids) {
    try (DocumentReader reader =
        DocumentReader.open(STORAGE, slice, DocumentSchema.DOLMA, DocumentLimits.STANDARD)) {
      long line = 0;
      while (reader.hasNext()) {
        Document document = (Document) reader.next();
        ids.add(document.id());
        assertThat(document.line()).isEqualTo(++line);
        assertThat(document.file())
            .isEqualTo(slice.start() == 0 ? "x.jsonl.zst" : "x.jsonl.zst#" + slice.start());
      }
      assertThat(reader.crc32c()).isPresent();
    }
  }

  /** Text in frames that end anywhere, with the places at which they begin. */
  private record Framed(byte[] bytes, List<Long> starts, int tableAt) {

    static Framed random(byte[] text, Random random, boolean withTable) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      ByteBuffer table = ByteBuffer.allocate(1 << 20).order(ByteOrder.LITTLE_ENDIAN);
      List<Long> starts = new ArrayList<>();
      int at = 0;
      do {
        int length =
            Math.min(text.length - at, random.nextInt(1 + text.length / (1 + random.nextInt(8))));
        length = at > 0 && length == 0 ? text.length - at : length;
        byte[] frame = frame(Arrays.copyOfRange(text, at, at + length), random);
        starts.add((long) out.size());
        out.writeBytes(frame);
        table.putInt(frame.length).putInt(length);
        at += length;
      } while (at < text.length);
      int tableAt = out.size();
      if (withTable) {
        ByteBuffer head = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
        out.writeBytes(head.putInt(0x184D2A5E).putInt(table.position() + 9).array());
        out.write(table.array(), 0, table.position());
        ByteBuffer foot = ByteBuffer.allocate(9).order(ByteOrder.LITTLE_ENDIAN);
        out.writeBytes(foot.putInt(starts.size()).put((byte) 0).putInt(0x8F92EAB1).array());
      }
      return new Framed(out.toByteArray(), starts, tableAt);
    }

    private static byte[] frame(byte[] bytes, Random random) {
      try (ZstdCompressCtx context = new ZstdCompressCtx()) {
        context.setChecksum(random.nextBoolean());
        context.setContentSize(random.nextBoolean());
        context.setLevel(1 + random.nextInt(5));
        return context.compress(bytes);
      }
    }
  }
}
