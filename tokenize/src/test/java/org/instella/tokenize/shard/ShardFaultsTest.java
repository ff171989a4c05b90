package org.instella.tokenize.shard;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPOutputStream;
import org.assertj.core.api.Assumptions;
import org.instella.conf.error.DataException;
import org.instella.conf.error.EnvironmentException;
import org.instella.conf.manifest.Digests;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.tokenize.bpe.ByteTokenizer;
import org.instella.tokenize.bpe.TokenizerSpec;
import org.instella.tokenize.document.DocumentFiles;
import org.instella.tokenize.document.WorkUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What can be wrong with input and with disks, at its real size. */
class ShardFaultsTest {
  private static final Storage STORAGE = Storage.standard();
  private static final ByteTokenizer TOKENIZER = new ByteTokenizer();

  @TempDir Path folder;

  @Test
  void aLineOfFiftyMegabytesIsADocument() throws IOException {
    Files.createDirectory(folder.resolve("in"));
    byte[] text = new byte[50_000_000];
    Arrays.fill(text, (byte) 'x');
    try (OutputStream out =
        new GZIPOutputStream(Files.newOutputStream(folder.resolve("in/a.jsonl.gz")))) {
      out.write("{\"id\":\"long\",\"text\":\"".getBytes(UTF_8));
      out.write(text);
      out.write("\"}\n{\"id\":\"next\",\"text\":\"short\"}\n".getBytes(UTF_8));
    }
    Manifest manifest = run("out");
    assertThat(manifest.longFact("tokens")).isEqualTo(50_000_001 + 6);
    TokenDataset dataset = TokenDataset.open(STORAGE, location("out"));
    assertThat(dataset.documentAt(50_000_000).document().id()).isEqualTo("long");
    assertThat(dataset.documentAt(50_000_001).document().id()).isEqualTo("next");
    ShardVerifier.verify(STORAGE, dataset);
  }

  @Test
  void badBytesEmptyFilesAndDocumentsOfSpecialTokensAreCountedAndNothingIsLost()
      throws IOException {
    write(
        "in/bytes.jsonl", "{\"id\":\"a\",\"text\":\"fine\"}\n{\"id\":\"b\",\"text\":\"\u00ff\"}\n");
    byte[] bytes = Files.readAllBytes(folder.resolve("in/bytes.jsonl"));
    bytes[bytes.length - 5] = (byte) 0xFF; // the second byte of ÿ
    Files.write(folder.resolve("in/bytes.jsonl"), bytes);
    write("in/empty.jsonl", "");
    write("in/special.jsonl", "{\"id\":\"eos\",\"text\":\"<|endoftext|>\"}\n");
    Manifest manifest = run("out");
    assertThat(manifest.longFact("documents")).isEqualTo(2);
    assertThat(manifest.longFact("rejected_lines")).isEqualTo(1);
    TokenDataset dataset = TokenDataset.open(STORAGE, location("out"));
    int[] special = new int[(int) dataset.find("eos").get(0).document().tokens()];
    dataset.copy(dataset.tokens() - special.length, special, 0, special.length);
    assertThat(TOKENIZER.decode(special)).startsWith("<|endoftext|>");
    assertThat(special[special.length - 1]).isZero();
  }

  @Test
  void aDiskThatFillsAtAnyByteStopsTheTaskAndTheNextRunGivesTheSameBytes() throws IOException {
    write("in/a.jsonl", "{\"id\":\"a\",\"text\":\"some text\"}\n".repeat(40));
    run("quiet");
    Map<String, String> quiet = digests("quiet");
    int full = 0;
    for (long room = 0; room < 6_000; room += 97) {
      String out = "out" + room;
      try {
        run(new FullDisk(STORAGE, room), out);
      } catch (EnvironmentException e) {
        full++;
        assertThat(e)
            .hasMessageContaining("No space left on device")
            .hasMessageContaining("._staging-" + out);
        assertThat(folder.resolve(out)).doesNotExist();
        run(STORAGE, out);
      }
      assertThat(digests(out)).as("%d bytes of room", room).isEqualTo(quiet);
    }
    assertThat(full).isGreaterThan(20);
  }

  @Test
  void aFolderThatCannotBeWrittenIsNamed() throws IOException {
    write("in/a.jsonl", "{\"id\":\"a\",\"text\":\"some text\"}\n");
    Location nowhere = Location.of("/sys/instella/out"); // for root too nobody may write here
    Assumptions.assumeThat(Path.of("/sys")).isDirectory();
    TokenizePlan plan = plan(nowhere);
    assertThatThrownBy(() -> ShardTask.run(STORAGE, plan.task(plan.units().get(0)), TOKENIZER))
        .isInstanceOf(EnvironmentException.class)
        .hasMessageContaining("Cannot create /sys/instella");
  }

  @Test
  void aFileThatVanishesOrChangesAfterPlanningIsAnError() throws IOException {
    write("in/a.jsonl", "{\"id\":\"a\",\"text\":\"some text\"}\n".repeat(9));
    TokenizePlan plan = plan(location("out"));
    WorkUnit unit = plan.units().get(0);
    Path file = folder.resolve("in/a.jsonl");
    String text = Files.readString(file);
    Files.writeString(file, text + text);
    assertThatThrownBy(() -> ShardTask.run(STORAGE, plan.task(unit), TOKENIZER))
        .isInstanceOf(DataException.class)
        .hasMessageContaining(file + " has more than the 270 bytes that it had when it was listed");
    Files.writeString(file, text.substring(0, 100));
    assertThatThrownBy(() -> ShardTask.run(STORAGE, plan.task(unit), TOKENIZER))
        .isInstanceOf(DataException.class)
        .hasMessageContaining(file + " ends at byte 100; it had 270 when it was listed");
    Files.delete(file);
    assertThatThrownBy(() -> ShardTask.run(STORAGE, plan.task(unit), TOKENIZER))
        .isInstanceOf(DataException.class)
        .hasMessageContaining(file.toString());
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @Test
  void everyShardKnowsTheChecksumOfWhatItWasMadeFrom() throws IOException {
    write("in/a.jsonl", "{\"id\":\"a\",\"text\":\"some text\"}\n".repeat(9));
    String first = run("one").facts().get("shards").toString();
    assertThat(first).containsPattern("input_crc32c=[0-9a-f]{8}");
    write("in/a.jsonl", "{\"id\":\"a\",\"text\":\"some next\"}\n".repeat(9));
    assertThat(run("two").facts().get("shards").toString()).isNotEqualTo(first);
  }

  private void write(String name, String text) throws IOException {
    Files.createDirectories(folder.resolve(name).getParent());
    Files.writeString(folder.resolve(name), text);
  }

  private Manifest run(String out) {
    return run(STORAGE, out);
  }

  private Manifest run(Storage storage, String out) {
    TokenizePlan plan = plan(location(out));
    for (WorkUnit unit : plan.units()) {
      ShardTask.run(storage, plan.task(unit), TOKENIZER);
    }
    return DatasetCommit.commit(storage, plan, TOKENIZER);
  }

  private TokenizePlan plan(Location published) {
    TokenizeConfig standard =
        TokenizeConfig.standard(new TokenizerSpec(location("tokenizer.json")));
    TokenizeConfig config =
        new TokenizeConfig(
            standard.tokenizer(),
            standard.columns(),
            standard.limits(),
            standard.text(),
            standard.eosToken(),
            EosRule.ALWAYS,
            standard.shardInputBytes(),
            1);
    DocumentFiles files = DocumentFiles.list(STORAGE, folder.resolve("in").toString());
    return new TokenizePlan("s", files, config, TOKENIZER.digest(), published);
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
}
