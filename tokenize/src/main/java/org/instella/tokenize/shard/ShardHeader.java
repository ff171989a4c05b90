package org.instella.tokenize.shard;

import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.instella.conf.error.ConfigurationException;
import org.instella.tokenize.bpe.Tokenizer;

/**
 * What is said about all documents of a shard: the metadata of its Arrow schema.
 *
 * @param source name of the source, such as {@code stage1/web}
 * @param tokenizerDigest SHA-256 of the {@code tokenizer.json} that made the ids
 * @param vocabularySize every id of the shard is below it; decides the width of an id
 * @param eosId id of the end-of-document token
 * @param eosRule when that id was appended
 */
public record ShardHeader(
    String source, String tokenizerDigest, int vocabularySize, int eosId, EosRule eosRule) {

  static final int FORMAT_VERSION = 1;

  private static final String FORMAT = "instella.format";
  private static final String SOURCE = "instella.source";
  private static final String TOKENIZER = "instella.tokenizer.sha256";
  private static final String VOCABULARY = "instella.vocabulary.size";
  private static final String EOS_ID = "instella.eos.id";
  private static final String EOS_RULE = "instella.eos.rule";

  public ShardHeader {
    if (vocabularySize < 1 || eosId < 0 || eosId >= vocabularySize) {
      throw new IllegalArgumentException(
          "eos id %d is not in a vocabulary of %d ids".formatted(eosId, vocabularySize));
    }
  }

  /**
   * The header of what {@code tokenizer} gives under {@code config}.
   *
   * @throws ConfigurationException if the vocabulary has no such end-of-document token
   */
  public static ShardHeader of(String source, Tokenizer tokenizer, TokenizeConfig config) {
    int eosId =
        tokenizer
            .idOf(config.eosToken())
            .orElseThrow(
                () ->
                    new ConfigurationException(
                        ShardError.EOS_UNKNOWN,
                        "eos-token \"%s\" is not in the vocabulary of %s"
                            .formatted(config.eosToken(), config.tokenizer().file())));
    return new ShardHeader(
        source, tokenizer.digest(), tokenizer.vocabularySize(), eosId, config.eosRule());
  }

  /** Width of an id on disk. */
  public TokenWidth width() {
    return TokenWidth.of(vocabularySize);
  }

  /**
   * The metadata of the schema, in the order of their keys, so that equal headers give equal bytes.
   */
  SortedMap<String, String> metadata() {
    SortedMap<String, String> metadata = new TreeMap<>();
    metadata.put(FORMAT, "tokens/" + FORMAT_VERSION);
    metadata.put(SOURCE, source);
    metadata.put(TOKENIZER, tokenizerDigest);
    metadata.put(VOCABULARY, Integer.toString(vocabularySize));
    metadata.put(EOS_ID, Integer.toString(eosId));
    metadata.put(EOS_RULE, eosRule.text());
    return metadata;
  }

  /**
   * Reads a header back.
   *
   * @throws IllegalArgumentException if a key is missing or wrong; the caller knows the file
   */
  static ShardHeader of(Map<String, String> metadata) {
    String format = value(metadata, FORMAT);
    if (!format.equals("tokens/" + FORMAT_VERSION)) {
      throw new IllegalArgumentException(
          "schema metadata %s is %s, this program reads tokens/%d"
              .formatted(FORMAT, format, FORMAT_VERSION));
    }
    return new ShardHeader(
        value(metadata, SOURCE),
        value(metadata, TOKENIZER),
        Integer.parseInt(value(metadata, VOCABULARY)),
        Integer.parseInt(value(metadata, EOS_ID)),
        EosRule.parse(value(metadata, EOS_RULE)));
  }

  private static String value(Map<String, String> metadata, String key) {
    String value = metadata.get(key);
    if (value == null) {
      throw new IllegalArgumentException("schema metadata has no " + key);
    }
    return value;
  }
}
