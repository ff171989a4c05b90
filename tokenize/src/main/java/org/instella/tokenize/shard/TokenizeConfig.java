package org.instella.tokenize.shard;

import java.io.Serializable;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import org.instella.conf.settings.Range;
import org.instella.conf.settings.Settings;
import org.instella.conf.storage.Location;
import org.instella.tokenize.bpe.TokenizerSpec;
import org.instella.tokenize.document.DocumentLimits;
import org.instella.tokenize.document.DocumentSchema;
import org.instella.tokenize.document.WorkPacking;
import org.instella.tokenize.document.ZstdSplit;

/**
 * How documents become token shards.
 *
 * @param columns names of the columns of a document
 * @param limits what input may cost
 * @param text what happens to a text before it is encoded
 * @param eosToken the end-of-document token, as it stands in the vocabulary
 * @param eosRule when it follows a document
 * @param shardInputBytes stored bytes of input that make one shard, about
 * @param zstdSplit where tasks may enter large Zstandard files
 * @param maxRejectedShare rejected lines over all lines above which a data set is not published
 */
public record TokenizeConfig(
    TokenizerSpec tokenizer,
    DocumentSchema columns,
    DocumentLimits limits,
    TextRule text,
    String eosToken,
    EosRule eosRule,
    long shardInputBytes,
    ZstdSplit zstdSplit,
    double maxRejectedShare)
    implements Serializable {

  /** The settings with the standard way to cut Zstandard files. */
  public TokenizeConfig(
      TokenizerSpec tokenizer,
      DocumentSchema columns,
      DocumentLimits limits,
      TextRule text,
      String eosToken,
      EosRule eosRule,
      long shardInputBytes,
      double maxRejectedShare) {
    this(
        tokenizer,
        columns,
        limits,
        text,
        eosToken,
        eosRule,
        shardInputBytes,
        ZstdSplit.TABLE,
        maxRejectedShare);
  }

  /** The settings that a recipe takes where it names only the tokenizer. */
  public static TokenizeConfig standard(TokenizerSpec tokenizer) {
    return new TokenizeConfig(
        tokenizer,
        DocumentSchema.DOLMA,
        DocumentLimits.STANDARD,
        TextRule.AS_IS,
        "<|endoftext|>",
        EosRule.UNLESS_LAST,
        WorkPacking.STANDARD_TARGET,
        0.01);
  }

  /** Reads the section {@code tokenize} of a recipe. */
  public static TokenizeConfig from(Settings settings) {
    String tokenizer =
        settings.text("tokenizer", "a tokenizer.json or a model folder that holds one").required();
    TokenizeConfig standard = standard(new TokenizerSpec(Location.of(tokenizer)));
    return new TokenizeConfig(
        standard.tokenizer(),
        DocumentSchema.from(settings.section("columns", "names of the columns of a document")),
        DocumentLimits.from(settings.section("limits", "what input may cost")),
        settings
            .choice("text", "what happens to a text before it is encoded", TextRule.class)
            .orElse(standard.text()),
        settings.text("eos-token", "the end-of-document token").orElse(standard.eosToken()),
        settings
            .choice("eos-rule", "when the end-of-document token follows", EosRule.class)
            .orElse(standard.eosRule()),
        settings
            .bytes("shard-input", "stored bytes of input that make one shard, about")
            .in(Range.atLeast(1))
            .orElse(standard.shardInputBytes()),
        settings
            .choice("split-zstd", "where tasks may enter large Zstandard files", ZstdSplit.class)
            .orElse(standard.zstdSplit()),
        settings
            .number("max-rejected-share", "rejected lines over all lines that are tolerated")
            .in(Range.closed(0, 1))
            .orElse(standard.maxRejectedShare()));
  }

  /** What of these settings decides the bytes of a data set, as its manifest keeps it. */
  public SortedMap<String, String> flattened() {
    SortedMap<String, String> map = new TreeMap<>();
    map.put("columns.id", columns.id());
    map.put("columns.source", columns.source());
    map.put("columns.text", columns.text());
    map.put("eos-rule", eosRule.text());
    map.put("eos-token", eosToken);
    map.put("limits.expansion", Double.toString(limits.expansion()));
    map.put("limits.expansion-free", Long.toString(limits.expansionFreeBytes()));
    map.put("limits.line", Long.toString(limits.lineBytes()));
    map.put("limits.quarantined", Integer.toString(limits.quarantinedBytes()));
    map.put("max-rejected-share", Double.toString(maxRejectedShare));
    map.put("shard-input", Long.toString(shardInputBytes));
    if (zstdSplit != ZstdSplit.TABLE) {
      map.put("split-zstd", zstdSplit.name().toLowerCase(Locale.ROOT));
    }
    map.put("text", text.name().toLowerCase(Locale.ROOT).replace('_', '-'));
    return map;
  }
}
