package org.instella.tokenize.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.instella.conf.error.DataException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class TokenShardTest {
  private static final int SMALL_BATCH = 50;

  @TempDir Path folder;

  /** A document as it was written. */
  private record Written(List<Integer> ids, String id, String file, long line) {}

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void readsBackWhatWasWrittenFromEveryPosition(long seed) throws IOException {
    Random random = new Random(seed);
    int vocabulary = random.nextBoolean() ? 65_536 : 200_000;
    List<Written> documents = documents(random, vocabulary);
    TokenShard shard = write(documents, vocabulary);
    int[] stream =
        documents.stream().flatMap(d -> d.ids().stream()).mapToInt(Integer::intValue).toArray();

    assertThat(shard.documents()).isEqualTo(documents.size());
    assertThat(shard.tokens()).isEqualTo(stream.length);
    assertThat(shard.header()).isEqualTo(header(vocabulary));
    int start = 0;
    for (int i = 0; i < documents.size(); i++) {
      Written written = documents.get(i);
      int end = start + written.ids().size();
      assertThat(shard.ref(i))
          .isEqualTo(new DocumentRef(i, written.id(), written.file(), written.line(), start, end));
      assertThat(shard.start(i)).isEqualTo(start);
      assertThat(shard.document(i)).containsExactly(Arrays.copyOfRange(stream, start, end));
      assertThat(shard.find(written.id())).contains(shard.ref(i));
      for (int position = start; position < end; position++) {
        assertThat(shard.documentAt(position).document()).isEqualTo(i);
      }
      start = end;
    }
    for (int i = 0; i < 20; i++) {
      int from = random.nextInt(stream.length + 1);
      int length = random.nextInt(stream.length - from + 1);
      int[] out = new int[length + 3];
      shard.copy(from, out, 2, length);
      assertThat(Arrays.copyOfRange(out, 2, length + 2))
          .containsExactly(Arrays.copyOfRange(stream, from, from + length));
    }
    assertThat(shard.find("no such id")).isEmpty();
    ShardVerifier.verify(shard);
  }

  static LongStream seeds() {
    return LongStream.range(0, 60);
  }

  @Test
  void findsDocumentsWithoutAnIndexAndThoseThatShareAnId() throws IOException {
    List<Written> documents =
        List.of(
            new Written(List.of(1, 0), "same", "a", 1),
            new Written(List.of(2, 0), "other", "a", 2),
            new Written(List.of(3, 0), "same", "b", 1),
            // These two have the same CRC-32.
            new Written(List.of(4, 0), "plumless", "b", 2),
            new Written(List.of(5, 0), "buckeroo", "b", 3));
    TokenShard shard = write(documents, 257);
    assertThat(shard.find("same")).extracting(DocumentRef::document).containsExactly(0, 2);
    assertThat(shard.find("buckeroo")).extracting(DocumentRef::line).containsExactly(3L);
    Files.delete(folder.resolve("part-00000.ids"));
    TokenShard withoutIndex = TokenShard.open(folder.resolve("part-00000.arrow"));
    assertThat(withoutIndex.find("same")).extracting(DocumentRef::document).containsExactly(0, 2);
    assertThat(withoutIndex.find("plumless")).extracting(DocumentRef::line).containsExactly(2L);
  }

  @Test
  void anEmptyShardIsAShard() throws IOException {
    TokenShard shard = write(List.of(), 257);
    assertThat(shard.documents()).isZero();
    assertThat(shard.tokens()).isZero();
    assertThat(shard.find("x")).isEmpty();
    shard.copy(0, new int[0], 0, 0);
    ShardVerifier.verify(shard);
  }

  @ParameterizedTest
  @ValueSource(ints = {65_536, 65_537})
  void opensInTheArrowLibrary(int vocabulary) throws IOException {
    List<Written> documents = documents(new Random(3), vocabulary);
    write(documents, vocabulary);
    List<String> ids = new ArrayList<>();
    List<List<Integer>> tokens = new ArrayList<>();
    try (RootAllocator allocator = new RootAllocator();
        FileChannel channel =
            FileChannel.open(folder.resolve("part-00000.arrow"), StandardOpenOption.READ);
        ArrowFileReader reader = new ArrowFileReader(channel, allocator)) {
      VectorSchemaRoot batch = reader.getVectorSchemaRoot();
      assertThat(batch.getSchema().getCustomMetadata())
          .containsEntry("instella.format", "tokens/1")
          .containsEntry("instella.eos.rule", "unless-last");
      while (reader.loadNextBatch()) {
        for (int row = 0; row < batch.getRowCount(); row++) {
          ids.add(batch.getVector("id").getObject(row).toString());
          ListVector document = (ListVector) batch.getVector("document");
          tokens.add(document.getObject(row).stream().map(TokenShardTest::asInt).toList());
        }
      }
    }
    assertThat(ids).isEqualTo(documents.stream().map(Written::id).toList());
    assertThat(tokens).isEqualTo(documents.stream().map(Written::ids).toList());
  }

  /** The library gives uint16 as a character and uint32 as an int. */
  private static Integer asInt(Object id) {
    return id instanceof Character wide ? (int) wide : ((Number) id).intValue();
  }

  @Test
  void equalDocumentsGiveEqualBytes() throws IOException {
    List<Written> documents = documents(new Random(11), 257);
    write(documents, 257);
    byte[] once = Files.readAllBytes(folder.resolve("part-00000.arrow"));
    write(documents, 257);
    assertThat(Files.readAllBytes(folder.resolve("part-00000.arrow"))).isEqualTo(once);
  }

  @Test
  void refusesAnIdOutsideTheVocabulary() {
    TokenShardWriter writer = new TokenShardWriter(new ByteArrayOutputStream(), header(100));
    assertThatThrownBy(() -> writer.add(new int[] {5, 100}, 2, "d7", "f.jsonl", 3))
        .isInstanceOf(DataException.class)
        .hasMessage(
            "Document d7 (f.jsonl line 3) has token id 100 at place 1;"
                + " the vocabulary holds ids below 100");
  }

  @ParameterizedTest
  @CsvSource({"-1, 1", "0, 100000", "9223372036854775807, 1", "5, -1"})
  void refusesARangeOutsideTheShard(long position, int length) throws IOException {
    TokenShard shard = write(documents(new Random(5), 257), 257);
    assertThatThrownBy(() -> shard.copy(position, new int[100_000], 0, length))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("were asked of shard");
  }

  @Test
  void refusesAShardThatIsCutShortAnywhere() throws IOException {
    write(documents(new Random(7), 257), 257);
    Path file = folder.resolve("part-00000.arrow");
    byte[] whole = Files.readAllBytes(file);
    for (int length = 0; length < whole.length; length += 1 + length / 40) {
      Files.write(file, Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> TokenShard.open(file))
          .as("%d of %d bytes", length, whole.length)
          .isInstanceOf(DataException.class)
          .hasMessageStartingWith("Token shard " + file + " cannot be read: ");
    }
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("manySeeds")
  void hostileBytesGiveADataExceptionOrAreJustOtherTokens(long seed) throws IOException {
    Random random = new Random(seed);
    write(documents(new Random(seed % 5), 257), 257);
    Path file = folder.resolve("part-00000.arrow");
    byte[] bytes = Files.readAllBytes(file);
    for (int i = 0; i < 1 + random.nextInt(4); i++) {
      // Half of the damage goes into the footer, whose offsets lead everywhere.
      int at =
          random.nextBoolean()
              ? random.nextInt(bytes.length)
              : bytes.length - 1 - random.nextInt(Math.min(bytes.length, 1200));
      bytes[at] = (byte) (random.nextBoolean() ? random.nextInt(256) : bytes[at] ^ 0x80);
    }
    Files.write(file, bytes);
    try {
      TokenShard shard = TokenShard.open(file);
      ShardVerifier.verify(shard);
      int[] out = new int[(int) Math.min(shard.tokens(), 1 << 20)];
      shard.copy(0, out, 0, out.length);
    } catch (DataException e) {
      assertThat(e).hasMessageContaining(file.toString());
    }
  }

  static LongStream manySeeds() {
    return LongStream.range(0, 600);
  }

  private static List<Written> documents(Random random, int vocabulary) {
    List<Written> documents = new ArrayList<>();
    for (int i = 0; i < random.nextInt(1, 40); i++) {
      List<Integer> ids = new ArrayList<>();
      for (int k = random.nextInt(40); k > 0; k--) {
        ids.add(1 + random.nextInt(vocabulary - 1));
      }
      ids.add(0);
      documents.add(
          new Written(ids, "dök-%d-%d".formatted(i, random.nextInt(9)), "f" + i / 7, i % 7 + 1));
    }
    return documents;
  }

  private static ShardHeader header(int vocabulary) {
    return new ShardHeader("stage1/test", "ab".repeat(32), vocabulary, 0, EosRule.UNLESS_LAST);
  }

  private TokenShard write(List<Written> documents, int vocabulary) throws IOException {
    Path file = folder.resolve("part-00000.arrow");
    IdIndex index;
    try (OutputStream out = Files.newOutputStream(file)) {
      TokenShardWriter writer = new TokenShardWriter(out, header(vocabulary), SMALL_BATCH);
      for (Written document : documents) {
        int[] ids = document.ids().stream().mapToInt(Integer::intValue).toArray();
        writer.add(ids, ids.length, document.id(), document.file(), document.line());
      }
      index = writer.finish();
    }
    try (OutputStream out = Files.newOutputStream(folder.resolve("part-00000.ids"))) {
      index.writeTo(out);
    }
    return TokenShard.open(file);
  }
}
