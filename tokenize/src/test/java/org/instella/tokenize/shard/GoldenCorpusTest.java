package org.instella.tokenize.shard;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.security.MessageDigest;
import org.instella.conf.SharedData;
import org.instella.conf.manifest.Digests;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.tokenize.bpe.Tokenizer;
import org.instella.tokenize.bpe.TokenizerSpec;
import org.instella.tokenize.bpe.Tokenizers;
import org.instella.tokenize.document.DocumentFiles;
import org.instella.tokenize.document.DocumentLimits;
import org.instella.tokenize.document.DocumentSchema;
import org.instella.tokenize.document.WorkUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whole sources of the real corpus against the ids of the reference library, as one digest each.
 */
class GoldenCorpusTest {
  private static final Storage STORAGE = Storage.standard();

  @TempDir Path folder;

  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"stage2/dm-maths", "stage1/algebraic"})
  void tokenisesASourceToTheGoldenIds(String source) throws IOException {
    check(source);
  }

  @Tag("long")
  @ParameterizedTest(name = "{0}")
  @ValueSource(
      strings = {
        "stage1/books",
        "stage1/code",
        "stage1/latex",
        "stage1/specs",
        "stage1/web",
        "stage1/wiki",
        "stage2/gsm8k",
        "stage2/math-train"
      })
  void tokenisesEveryOtherSourceToTheGoldenIds(String source) throws IOException {
    check(source);
  }

  private void check(String source) throws IOException {
    Path data = SharedData.require().resolve("data");
    JsonNode golden = golden(data, source);
    Location published = Location.of(folder.resolve("out"));
    TokenizerSpec spec =
        new TokenizerSpec(
            Location.of(data.resolve("tokenizers").resolve(golden.get("tokenizer").asText())));
    TokenizeConfig config =
        new TokenizeConfig(
            spec,
            DocumentSchema.DOLMA,
            DocumentLimits.STANDARD,
            TextRule.AS_IS,
            "<|endoftext|>",
            EosRule.ALWAYS,
            700_000,
            0);
    try (Tokenizer tokenizer = Tokenizers.open(spec)) {
      DocumentFiles files =
          DocumentFiles.list(STORAGE, data.resolve("corpus").resolve(source).toString());
      TokenizePlan plan = new TokenizePlan(source, files, config, tokenizer.digest(), published);
      for (WorkUnit unit : plan.units()) {
        ShardTask.run(STORAGE, plan.task(unit), tokenizer);
      }
      DatasetCommit.commit(STORAGE, plan, tokenizer);
    }
    TokenDataset dataset = TokenDataset.open(STORAGE, published);
    assertThat(dataset.documents()).isEqualTo(golden.get("documents").asLong());
    assertThat(dataset.manifest().longFact("text_bytes"))
        .isEqualTo(golden.get("utf8_bytes").asLong());
    assertThat(dataset.tokens()).isEqualTo(golden.get("tokens_with_eos").asLong());
    assertThat(digest(dataset)).isEqualTo(golden.get("sha256_ids_eos_u16le").asText());
    ShardVerifier.verify(STORAGE, dataset);
  }

  private static JsonNode golden(Path data, String source) throws IOException {
    JsonNode all =
        new ObjectMapper().readTree(data.resolve("golden/corpus_token_counts.json").toFile());
    for (JsonNode node : all.get("sources")) {
      if (node.get("source").asText().equals(source)) {
        return ((ObjectNode) node).put("tokenizer", all.get("tokenizer").asText());
      }
    }
    throw new IllegalArgumentException("no golden figures for " + source);
  }

  private static String digest(TokenDataset dataset) {
    MessageDigest sha = Digests.newSha256();
    int[] ids = new int[1 << 16];
    ByteBuffer bytes = ByteBuffer.allocate(ids.length * 2).order(ByteOrder.LITTLE_ENDIAN);
    for (long position = 0; position < dataset.tokens(); position += ids.length) {
      int length = (int) Math.min(ids.length, dataset.tokens() - position);
      dataset.copy(position, ids, 0, length);
      bytes.clear();
      for (int i = 0; i < length; i++) {
        bytes.putShort((short) ids[i]);
      }
      sha.update(bytes.array(), 0, bytes.position());
    }
    return Digests.hex(sha.digest());
  }
}
