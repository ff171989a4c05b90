package org.instella.tokenize.shard.convert;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.instella.conf.error.DataException;
import org.instella.conf.error.EnvironmentException;
import org.instella.conf.storage.FailingStorage;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.tokenize.bpe.ByteTokenizer;
import org.instella.tokenize.bpe.TokenizerSpec;
import org.instella.tokenize.document.DocumentFiles;
import org.instella.tokenize.document.WorkUnit;
import org.instella.tokenize.shard.DatasetCommit;
import org.instella.tokenize.shard.EosRule;
import org.instella.tokenize.shard.ShardHeader;
import org.instella.tokenize.shard.ShardTask;
import org.instella.tokenize.shard.ShardVerifier;
import org.instella.tokenize.shard.TokenDataset;
import org.instella.tokenize.shard.TokenShard;
import org.instella.tokenize.shard.TokenizeConfig;
import org.instella.tokenize.shard.TokenizePlan;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ShardConverterTest {
  private static final Storage STORAGE = Storage.standard();

  @TempDir Path folder;

  static Stream<ForeignFormat> formats() {
    return Stream.of(new DolmaFormat(), new MegatronFormat());
  }

  @ParameterizedTest
  @MethodSource("formats")
  void thereAndBackGivesTheSameShards(ForeignFormat format) throws IOException {
    for (int vocabulary : new int[] {257, 100_000}) {
      String name = format.kind() + vocabulary;
      TokenDataset dataset = dataset(name, vocabulary);
      ShardConverter converter = new ShardConverter(STORAGE);
      converter.exportTo(format, dataset, location(name + "-there"));
      converter.importFrom(format, location(name + "-there"), location(name + "-back"));
      TokenDataset back = TokenDataset.open(STORAGE, location(name + "-back"));
      ShardVerifier.verify(STORAGE, back);
      assertThat(back.manifest().files()).isEqualTo(dataset.manifest().files());
      assertThat(back.tokens()).isEqualTo(dataset.tokens());
    }
  }

  @Test
  void writesWhatDolmaWrites() throws IOException {
    new ShardConverter(STORAGE).exportTo(new DolmaFormat(), dataset("in", 257), location("out"));
    byte[] ids = Files.readAllBytes(folder.resolve("out/part-00000.npy"));
    assertThat(ids).startsWith('a' + 1, 0, ',' + 1, 0, 0, 0, 'b' + 1, 0);
    try (GZIPInputStream in =
        new GZIPInputStream(Files.newInputStream(folder.resolve("out/part-00000.csv.gz")))) {
      assertThat(new String(in.readAllBytes(), UTF_8))
          .isEqualTo("0,3,d-0,a.jsonl,1\r\n3,5,\"d,\"\"1\n\",a.jsonl,2\r\n");
    }
  }

  @Test
  void writesWhatMegatronReads() throws IOException {
    new ShardConverter(STORAGE)
        .exportTo(new MegatronFormat(), dataset("in", 100_000), location("out"));
    ByteBuffer index =
        ByteBuffer.wrap(Files.readAllBytes(folder.resolve("out/part-00000.idx")))
            .order(ByteOrder.LITTLE_ENDIAN);
    byte[] magic = new byte[9];
    index.get(magic);
    assertThat(new String(magic, UTF_8)).isEqualTo("MMIDIDX\0\0");
    assertThat(index.getLong()).isEqualTo(1);
    assertThat(index.get()).isEqualTo((byte) 4);
    assertThat(List.of(index.getLong(), index.getLong())).containsExactly(2L, 3L);
    assertThat(List.of(index.getInt(), index.getInt())).containsExactly(3, 2);
    assertThat(List.of(index.getLong(), index.getLong())).containsExactly(0L, 12L);
    assertThat(List.of(index.getLong(), index.getLong(), index.getLong()))
        .containsExactly(0L, 1L, 2L);
    assertThat(index.hasRemaining()).isFalse();
  }

  @Test
  void readsMegatronShardsOfOthersWithoutNames() throws IOException {
    new ShardConverter(STORAGE).exportTo(new MegatronFormat(), dataset("in", 257), location("out"));
    Files.delete(folder.resolve("out/part-00000.csv.gz"));
    Files.delete(folder.resolve("out/part-00001.csv.gz"));
    Files.delete(folder.resolve("out/manifest.json"));
    ShardHeader header = new ShardHeader("theirs", "00".repeat(32), 257, 0, EosRule.NEVER);
    new ShardConverter(STORAGE)
        .importFrom(new MegatronFormat(), location("out"), header, location("back"));
    TokenShard shard = TokenDataset.open(STORAGE, location("back")).shard(0);
    assertThat(shard.ref(1).id()).isEqualTo("part-00000:2");
    assertThat(shard.document(0)).containsExactly('a' + 1, ',' + 1, 0);
  }

  @Test
  void refusesFilesThatContradictEachOther() throws IOException {
    ShardConverter converter = new ShardConverter(STORAGE);
    converter.exportTo(new DolmaFormat(), dataset("in", 257), location("dolma"));
    Files.write(folder.resolve("dolma/part-00000.npy"), new byte[8]);
    assertThatThrownBy(
            () -> converter.importFrom(new DolmaFormat(), location("dolma"), location("x")))
        .isInstanceOf(DataException.class)
        .hasMessageContaining(
            "part-00000.npy has 4 ids, but its .csv.gz has a document from 3 to 5");
    converter.exportTo(
        new MegatronFormat(), TokenDataset.open(STORAGE, location("in")), location("megatron"));
    Path index = folder.resolve("megatron/part-00001.idx");
    byte[] bytes = Files.readAllBytes(index);
    bytes[26] = 77;
    Files.write(index, bytes);
    assertThatThrownBy(
            () -> converter.importFrom(new MegatronFormat(), location("megatron"), location("y")))
        .isInstanceOf(DataException.class)
        .hasMessageContaining(index + " does not fit its shard");
    assertThat(folder.resolve("x")).doesNotExist();
    assertThatThrownBy(
            () -> converter.importFrom(new MegatronFormat(), location("dolma"), location("y")))
        .hasMessageContaining("holds tokens-dolma, not tokens-megatron");
  }

  @ParameterizedTest
  @MethodSource("formats")
  void aCrashAtAnyWritePublishesNothing(ForeignFormat format) throws IOException {
    TokenDataset dataset = dataset("in", 257);
    for (int n = 0; ; n++) {
      FailingStorage failing = new FailingStorage(STORAGE, n);
      Path out = folder.resolve("out" + n);
      try {
        new ShardConverter(failing).exportTo(format, dataset, Location.of(out));
      } catch (EnvironmentException e) {
        assertThat(out).doesNotExist();
        continue;
      }
      assertThat(failing.failed()).isFalse();
      assertThat(out).isDirectory();
      break;
    }
  }

  private TokenDataset dataset(String name, int vocabulary) throws IOException {
    Path in = Files.createDirectories(folder.resolve("documents"));
    Files.writeString(
        in.resolve("a.jsonl"),
        "{\"id\":\"d-0\",\"text\":\"a,\"}\n{\"id\":\"d,\\\"1\\n\",\"text\":\"b\"}\n");
    Files.writeString(in.resolve("b.jsonl"), "{\"id\":\"d-2\",\"text\":\"ccc é\"}\n");
    ByteTokenizer tokenizer = new ByteTokenizer(vocabulary);
    TokenizeConfig standard =
        TokenizeConfig.standard(new TokenizerSpec(location("tokenizer.json")));
    TokenizePlan plan =
        new TokenizePlan(
            "stage1/test",
            DocumentFiles.list(STORAGE, in.toString()),
            new TokenizeConfig(
                standard.tokenizer(),
                standard.columns(),
                standard.limits(),
                standard.text(),
                standard.eosToken(),
                standard.eosRule(),
                60,
                0),
            tokenizer.digest(),
            location(name));
    for (WorkUnit unit : plan.units()) {
      ShardTask.run(STORAGE, plan.task(unit), tokenizer);
    }
    DatasetCommit.commit(STORAGE, plan, tokenizer);
    return TokenDataset.open(STORAGE, location(name));
  }

  private Location location(String name) {
    return Location.of(folder.resolve(name));
  }
}
