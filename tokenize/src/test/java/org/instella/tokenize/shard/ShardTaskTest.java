package org.instella.tokenize.shard;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.error.DataException;
import org.instella.conf.error.EnvironmentException;
import org.instella.conf.manifest.Digests;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.storage.FailingStorage;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.tokenize.bpe.ByteTokenizer;
import org.instella.tokenize.bpe.TokenizerSpec;
import org.instella.tokenize.document.DocumentFiles;
import org.instella.tokenize.document.DocumentLimits;
import org.instella.tokenize.document.DocumentSchema;
import org.instella.tokenize.document.WorkUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShardTaskTest {
  private static final Storage STORAGE = Storage.standard();
  private static final ByteTokenizer TOKENIZER = new ByteTokenizer();

  @TempDir Path folder;

  @Test
  void writesADataSetWithProvenance() throws IOException {
    makeInput();
    Manifest manifest = runAll(plan("out"));
    TokenDataset dataset = TokenDataset.open(STORAGE, location("out"));

    assertThat(dataset.manifest().digest()).isEqualTo(manifest.digest());
    assertThat(dataset.documents()).isEqualTo(9);
    assertThat(manifest.longFact("empty_documents")).isEqualTo(1);
    assertThat(manifest.longFact("rejected_lines")).isEqualTo(1);
    assertThat(manifest.longFact("text_bytes")).isEqualTo(dataset.tokens() - 9);
    assertThat(dataset.source()).isEqualTo("stage1/test");
    assertThat(dataset.eosId()).isZero();
    assertThat(dataset.vocabularySize()).isEqualTo(257);
    assertThat(dataset.shards()).hasSizeGreaterThan(1);

    TokenDataset.Found found = dataset.find("b-2").get(0);
    assertThat(found.document().file()).isEqualTo("sub/b.jsonl");
    assertThat(found.document().line()).isEqualTo(4);
    long position = found.firstTokenOfShard() + found.document().start();
    assertThat(dataset.documentAt(position)).isEqualTo(found);
    assertThat(dataset.documentAt(position - 1)).isNotEqualTo(found);
    int[] ids = new int[(int) found.document().tokens()];
    dataset.copy(position, ids, 0, ids.length);
    assertThat(TOKENIZER.decode(ids)).isEqualTo("text of b-2 é<|endoftext|>");
    ShardVerifier.verify(STORAGE, dataset);

    Location rejected = location("out").resolve("part-00001.rejected.jsonl");
    assertThat(STORAGE.readText(rejected))
        .isEqualTo(
            "{\"file\":\"sub/b.jsonl\",\"line\":2,\"offset\":37,\"bytes\":9,\"reason\":\"BAD_JSON\","
                + "\"detail\":\"Unexpected end-of-input within/between Object entries at column 10\","
                + "\"raw\":\"{\\\"id\\\":1, \"}\n");
    assertThat(list(folder)).containsExactly("in", "out");
  }

  @Test
  void givesTheSameBytesInAnyOrderAndWithManyAttempts() throws IOException {
    makeInput();
    runAll(plan("one"));
    TokenizePlan plan = plan("two");
    Random random = new Random(1);
    List<WorkUnit> units = new ArrayList<>(plan.units());
    units.addAll(plan.units());
    Collections.shuffle(units, random);
    for (WorkUnit unit : units) {
      ShardTask.run(STORAGE, plan.task(unit), TOKENIZER);
    }
    DatasetCommit.commit(STORAGE, plan, TOKENIZER);
    assertThat(digests("two")).isEqualTo(digests("one"));
  }

  @Test
  void anAttemptThatComesSecondLeavesTheFirst() throws IOException {
    makeInput();
    TokenizePlan plan = plan("out");
    ShardTaskSpec task = plan.task(plan.units().get(0));
    // The first attempt finishes while the second is writing.
    Storage raced = new RacingStorage(STORAGE, () -> ShardTask.run(STORAGE, task, TOKENIZER));
    ShardResult second = ShardTask.run(raced, task, TOKENIZER);
    assertThat(second.files()).isEqualTo(ShardTask.finished(STORAGE, task).orElseThrow().files());
    assertThat(list(folder.resolve(plan.staging().name() + "/attempts")))
        .containsExactly(task.place().finished(STORAGE).orElseThrow().name());
  }

  @Test
  void aCrashAtAnyWriteLeavesNothingHalfWrittenAndTheNextRunFinishes() throws IOException {
    makeInput();
    runAll(plan("quiet"));
    Map<String, String> quiet = digests("quiet");
    int crashes = 0;
    for (int n = 0; ; n++) {
      String name = "out" + n;
      FailingStorage failing = new FailingStorage(STORAGE, n);
      try {
        runAll(failing, plan(name));
      } catch (EnvironmentException e) {
        crashes++;
        assertThat(e).hasMessageContaining("Injected failure");
      }
      if (Files.exists(folder.resolve(name))) {
        ShardVerifier.verify(STORAGE, TokenDataset.open(STORAGE, location(name)));
      } else {
        runAll(plan(name));
      }
      assertThat(digests(name)).as("crash at call %d", n).isEqualTo(quiet);
      if (!failing.failed()) {
        break;
      }
    }
    assertThat(crashes).isGreaterThan(20);
  }

  @Test
  void whatIsFinishedIsNotWrittenAgain() throws IOException {
    makeInput();
    TokenizePlan plan = plan("out");
    ShardTask.run(STORAGE, plan.task(plan.units().get(0)), TOKENIZER);
    // Would fail with the first write.
    FailingStorage failing = new FailingStorage(STORAGE, 0);
    ShardTask.run(failing, plan.task(plan.units().get(0)), TOKENIZER);
    assertThatThrownBy(() -> DatasetCommit.commit(STORAGE, plan, TOKENIZER))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("Shard part-00001 of " + location("out") + " is not finished");
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @Test
  void refusesToPublishWhereTooManyLinesAreBad() throws IOException {
    makeInput();
    TokenizePlan tolerant = plan("out");
    TokenizeConfig config = tolerant.config();
    TokenizePlan plan =
        new TokenizePlan(
            tolerant.source(),
            tolerant.files(),
            new TokenizeConfig(
                config.tokenizer(),
                config.columns(),
                config.limits(),
                config.text(),
                config.eosToken(),
                config.eosRule(),
                config.shardInputBytes(),
                0.05),
            tolerant.tokenizerDigest(),
            tolerant.published());
    assertThatThrownBy(() -> runAll(plan))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("1 of 11 lines of source stage1/test are no documents")
        .hasMessageContaining("part-00001.rejected.jsonl");
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @Test
  void refusesToReplaceADataSet() throws IOException {
    makeInput();
    runAll(plan("out"));
    Map<String, String> before = digests("out");
    assertThatThrownBy(() -> runAll(plan("out")))
        .isInstanceOf(DataException.class)
        .hasMessageContaining(location("out").uri());
    assertThat(digests("out")).isEqualTo(before);
  }

  @Test
  void namesATruncatedInputAndAMissingOne() throws IOException {
    makeInput();
    Path packed = folder.resolve("in/a.jsonl.gz");
    byte[] bytes = Files.readAllBytes(packed);
    Files.write(packed, Arrays.copyOf(bytes, bytes.length - 3));
    assertThatThrownBy(() -> runAll(plan("out")))
        .isInstanceOf(DataException.class)
        .hasMessageContaining(packed + " cannot be unpacked");
    TokenizePlan plan = plan("out");
    Files.delete(packed);
    assertThatThrownBy(() -> runAll(plan))
        .isInstanceOf(DataException.class)
        .hasMessageContaining(packed.toString());
  }

  @Test
  void refusesAnEosTokenThatIsNotInTheVocabulary() throws IOException {
    makeInput();
    TokenizeConfig config =
        new TokenizeConfig(
            new TokenizerSpec(location("tokenizer.json")),
            DocumentSchema.DOLMA,
            DocumentLimits.STANDARD,
            TextRule.AS_IS,
            "</s>",
            EosRule.ALWAYS,
            100,
            1);
    TokenizePlan plan = new TokenizePlan("s", files(), config, TOKENIZER.digest(), location("out"));
    assertThatThrownBy(() -> runAll(plan))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("eos-token \"</s>\" is not in the vocabulary of " + location("t"));
  }

  @Test
  void aFlippedByteIsFoundAndNamesTheShard() throws IOException {
    makeInput();
    runAll(plan("out"));
    Path shard = folder.resolve("out/part-00001.arrow");
    byte[] bytes = Files.readAllBytes(shard);
    bytes[bytes.length / 2] ^= 1;
    Files.write(shard, bytes);
    TokenDataset dataset = TokenDataset.open(STORAGE, location("out"));
    assertThatThrownBy(() -> ShardVerifier.verify(STORAGE, dataset))
        .isInstanceOf(DataException.class)
        .hasMessageContaining(shard + " has sha256 ");
  }

  @Test
  void theEosRuleDecidesWhatFollowsADocument() {
    assertThat(EosRule.ALWAYS.appends(new int[] {5, 0}, 2, 0)).isTrue();
    assertThat(EosRule.UNLESS_LAST.appends(new int[] {5, 0}, 2, 0)).isFalse();
    assertThat(EosRule.UNLESS_LAST.appends(new int[] {5, 0}, 1, 0)).isTrue();
    assertThat(EosRule.NEVER.appends(new int[] {5}, 1, 0)).isFalse();
  }

  @Test
  void stripsWhatPythonStrips() {
    assertThat(applied(TextRule.STRIP, "\u00a0\u2003\u001c\u0085 a b\u3000\u2028\r\n"))
        .isEqualTo("a b");
    assertThat(applied(TextRule.STRIP, "\u200b a")).isEqualTo("\u200b a");
    assertThat(applied(TextRule.STRIP, " \t")).isEmpty();
    assertThat(applied(TextRule.AS_IS, " a ")).isEqualTo(" a ");
  }

  private static String applied(TextRule rule, String text) {
    return new String(rule.apply(text.getBytes(UTF_8)), UTF_8);
  }

  private void makeInput() throws IOException {
    Files.createDirectories(folder.resolve("in/sub"));
    try (OutputStream out =
        new GZIPOutputStream(Files.newOutputStream(folder.resolve("in/a.jsonl.gz")))) {
      for (int i = 0; i < 3; i++) {
        out.write(line("a-" + i).getBytes(UTF_8));
      }
      out.write("{\"id\":\"empty\",\"text\":\"\"}\n".getBytes(UTF_8));
    }
    Files.writeString(
        folder.resolve("in/sub/b.jsonl"),
        line("b-0") + "{\"id\":1, \n" + line("b-1") + line("b-2"));
    Files.writeString(folder.resolve("in/sub/c.jsonl"), line("c-0") + line("c-1") + line("c-2"));
  }

  private static String line(String id) {
    return "{\"id\":\"%s\",\"text\":\"text of %s é\"}\n".formatted(id, id);
  }

  private DocumentFiles files() {
    return DocumentFiles.list(STORAGE, folder.resolve("in").toString());
  }

  private TokenizePlan plan(String out) {
    TokenizeConfig config =
        new TokenizeConfig(
            new TokenizerSpec(location("tokenizer.json")),
            DocumentSchema.DOLMA,
            DocumentLimits.STANDARD,
            TextRule.AS_IS,
            "<|endoftext|>",
            EosRule.UNLESS_LAST,
            150,
            0.2);
    return new TokenizePlan("stage1/test", files(), config, TOKENIZER.digest(), location(out));
  }

  private static Manifest runAll(TokenizePlan plan) {
    return runAll(STORAGE, plan);
  }

  private static Manifest runAll(Storage storage, TokenizePlan plan) {
    for (WorkUnit unit : plan.units()) {
      ShardTask.run(storage, plan.task(unit), TOKENIZER);
    }
    return DatasetCommit.commit(storage, plan, TOKENIZER);
  }

  private Location location(String name) {
    return Location.of(folder.resolve(name));
  }

  private Map<String, String> digests(String name) {
    Map<String, String> digests = new TreeMap<>();
    STORAGE
        .listFiles(location(name))
        .forEach(
            file -> digests.put(file.location().name(), Digests.sha256(STORAGE, file.location())));
    return digests;
  }

  private static List<String> list(Path folder) throws IOException {
    try (Stream<Path> paths = Files.list(folder)) {
      return paths.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }
}
