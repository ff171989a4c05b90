package org.instella.jobs.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.jobs.tokens.TinyTokenizer;
import org.instella.tokenize.bpe.Tokenizer;
import org.instella.tokenize.bpe.TokenizerSpec;
import org.instella.tokenize.bpe.Tokenizers;
import org.instella.tokenize.document.DocumentFiles;
import org.instella.tokenize.shard.DatasetCommit;
import org.instella.tokenize.shard.ShardTask;
import org.instella.tokenize.shard.TokenizeConfig;
import org.instella.tokenize.shard.TokenizePlan;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShardsConvertTest {
  @TempDir Path folder;

  @BeforeEach
  void tokenise() throws Exception {
    Path tokenizer = TinyTokenizer.write(folder.resolve("tokenizer.json"));
    Files.writeString(
        folder.resolve("a.jsonl"),
        "{\"id\":\"one\",\"text\":\"the first\"}\n{\"id\":\"two\",\"text\":\"and another\"}\n");
    Storage storage = Storage.standard();
    TokenizerSpec spec = new TokenizerSpec(Location.of(tokenizer));
    try (Tokenizer opened = Tokenizers.open(storage, spec)) {
      TokenizePlan plan =
          new TokenizePlan(
              "web",
              DocumentFiles.list(storage, folder.resolve("a.jsonl").toString()),
              TokenizeConfig.standard(spec),
              opened.digest(),
              Location.of(folder.resolve("web")));
      plan.units().forEach(unit -> ShardTask.run(storage, plan.task(unit), opened));
      DatasetCommit.commit(storage, plan, opened);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"dolma", "megatron"})
  void goesThereAndBackToTheSameBytes(String format) throws Exception {
    assertThat(run("web", "theirs", "--to", format)).isZero();
    assertThat(run("theirs", "back", "--from", format)).isZero();
    for (String file : new String[] {"part-00000.arrow", "part-00000.ids"}) {
      assertThat(folder.resolve("back").resolve(file))
          .hasSameBinaryContentAs(folder.resolve("web").resolve(file));
    }
  }

  @Test
  void aForeignFolderWithoutManifestTakesTheTokenizerFromTheCommandLine() throws Exception {
    assertThat(run("web", "theirs", "--to", "megatron")).isZero();
    Files.delete(folder.resolve("theirs/manifest.json"));
    assertThat(run("theirs", "back", "--from", "megatron")).isEqualTo(2);
    String tokenizer = folder.resolve("tokenizer.json").toString();
    assertThat(
            run(
                "theirs",
                "back",
                "--from",
                "megatron",
                "--tokenizer",
                tokenizer,
                "--source",
                "web"))
        .isZero();
    assertThat(folder.resolve("back/part-00000.arrow"))
        .hasSameBinaryContentAs(folder.resolve("web/part-00000.arrow"));
  }

  @Test
  void oneDirectionHasToBeNamed() {
    assertThat(run("web", "theirs")).isEqualTo(2);
    assertThat(run("web", "theirs", "--to", "dolma", "--from", "dolma")).isEqualTo(2);
    assertThat(run("web", "theirs", "--to", "parquet")).isEqualTo(2);
  }

  private int run(String from, String to, String... options) {
    String[] arguments = new String[4 + options.length];
    arguments[0] = "shards";
    arguments[1] = "convert";
    arguments[2] = folder.resolve(from).toString();
    arguments[3] = folder.resolve(to).toString();
    System.arraycopy(options, 0, arguments, 4, options.length);
    PrintWriter nowhere = new PrintWriter(new StringWriter());
    return Instella.run(nowhere, nowhere, arguments);
  }
}
