package org.instella.jobs.command;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.jobs.JobError;
import org.instella.tokenize.bpe.Tokenizer;
import org.instella.tokenize.bpe.TokenizerSpec;
import org.instella.tokenize.bpe.Tokenizers;
import org.instella.tokenize.shard.EosRule;
import org.instella.tokenize.shard.ShardHeader;
import org.instella.tokenize.shard.TokenDataset;
import org.instella.tokenize.shard.convert.DolmaFormat;
import org.instella.tokenize.shard.convert.ForeignFormat;
import org.instella.tokenize.shard.convert.MegatronFormat;
import org.instella.tokenize.shard.convert.ShardConverter;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Token data sets written as others keep them, and theirs as ours. */
@Command(
    name = "convert",
    description = "Writes a token data set as Dolma or Megatron have it, or reads one of theirs.",
    footer = {
      "%nExamples:",
      "  instella shards convert tokens/web web-dolma --to dolma",
      "  instella shards convert web-dolma tokens/web --from dolma",
      "  instella shards convert their-folder tokens/theirs --from megatron --tokenizer tokenizer.json"
    })
final class ShardsConvert implements Callable<Integer> {
  /** The formats of others, as they are named here. */
  enum Format {
    DOLMA(new DolmaFormat()),
    MEGATRON(new MegatronFormat());

    final ForeignFormat format;

    Format(ForeignFormat format) {
      this.format = format;
    }

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** One of the two directions. */
  static final class Direction {
    @Option(names = "--to", required = true, description = "Write: ${COMPLETION-CANDIDATES}.")
    private Format to;

    @Option(names = "--from", required = true, description = "Read: ${COMPLETION-CANDIDATES}.")
    private Format from;
  }

  @Parameters(index = "0", paramLabel = "FOLDER", description = "What is to be converted.")
  private Location folder;

  @Parameters(index = "1", paramLabel = "OUTPUT", description = "A folder that does not exist yet.")
  private Location output;

  @ArgGroup(multiplicity = "1")
  private Direction direction;

  @Option(
      names = "--tokenizer",
      description =
          "With --from: the tokenizer that made the ids; needed where FOLDER has no manifest of ours.")
  private Location tokenizer;

  @Option(names = "--source", description = "With --tokenizer: name of the source (its folder's).")
  private String source;

  @Option(
      names = "--eos-token",
      defaultValue = "<|endoftext|>",
      description = "With --tokenizer: the end-of-document token (${DEFAULT-VALUE}).")
  private String eosToken;

  @Option(
      names = "--eos-rule",
      defaultValue = "unless-last",
      description = "With --tokenizer: always, unless-last or never (${DEFAULT-VALUE}).")
  private String eosRule;

  @Option(names = "--debug", description = "Print the stack trace of a failure.")
  private boolean debug;

  @Spec CommandSpec spec;

  @Override
  public Integer call() {
    Storage storage = Storage.standard();
    ShardConverter converter = new ShardConverter(storage);
    Manifest written =
        direction.to != null
            ? converter.exportTo(direction.to.format, TokenDataset.open(storage, folder), output)
            : read(storage, converter, direction.from.format);
    PrintWriter out = spec.commandLine().getOut();
    out.printf(
        "%s: %,d documents, %,d tokens in %d files%n",
        output, written.longFact("documents"), written.longFact("tokens"), written.files().size());
    out.flush();
    return 0;
  }

  private Manifest read(Storage storage, ShardConverter converter, ForeignFormat format) {
    Optional<Manifest> manifest = Manifest.find(storage, folder);
    if (tokenizer == null && manifest.isPresent()) {
      return converter.importFrom(format, folder, output);
    }
    if (tokenizer == null) {
      throw new ConfigurationException(
          JobError.BAD_SETTING,
          "%s has no manifest of ours, and raw ids do not say what made them: name it with --tokenizer"
              .formatted(folder));
    }
    return converter.importFrom(format, folder, header(storage), output);
  }

  private ShardHeader header(Storage storage) {
    try (Tokenizer opened = Tokenizers.open(storage, new TokenizerSpec(tokenizer))) {
      int eosId =
          opened
              .idOf(eosToken)
              .orElseThrow(
                  () ->
                      new ConfigurationException(
                          JobError.BAD_SETTING,
                          "--eos-token %s: %s has no such token".formatted(eosToken, tokenizer)));
      return new ShardHeader(
          source == null ? output.name() : source,
          opened.digest(),
          opened.vocabularySize(),
          eosId,
          rule());
    }
  }

  private EosRule rule() {
    try {
      return EosRule.parse(eosRule);
    } catch (IllegalArgumentException e) {
      throw new ConfigurationException(JobError.BAD_SETTING, "--eos-rule: " + e.getMessage(), e);
    }
  }
}
