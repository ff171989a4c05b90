package org.instella.train;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.manifest.FileDigest;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.storage.Storage;
import org.instella.model.transformer.TransformerConfig;
import org.instella.tokenize.shard.TokenDataset;
import org.instella.tokenize.shard.TokenShard;
import org.instella.train.data.BatchPlan;
import org.instella.train.data.DataMixture;
import org.instella.train.data.DataOrder;
import org.instella.train.optim.TrainDuration;
import org.instella.train.parallel.Rank;

/**
 * The opened data of a run.
 *
 * @param mixture all samples of an epoch
 * @param order in which they come
 * @param plan how steps take them
 * @param inputs digest of each data set, by {@code data.NAME}
 * @param first the first source, whose tokenizer is that of all
 */
record RunData(
    DataMixture mixture,
    DataOrder order,
    BatchPlan plan,
    SortedMap<String, String> inputs,
    TokenDataset first) {

  /**
   * Opens the sources of a recipe.
   *
   * @throws ConfigurationException if they do not fill one step or were made with different
   *     tokenizers
   */
  static RunData open(Storage storage, TrainConfig config) {
    SortedMap<String, String> inputs = new TreeMap<>();
    List<DataMixture.Source> sources = new ArrayList<>();
    for (DataConfig.Source source : config.data().sources()) {
      TokenDataset tokens = TokenDataset.open(storage, source.path());
      inputs.put("data." + source.name(), tokens.manifest().digest());
      sources.add(new DataMixture.Source(source.name(), tokens, source.passes(tokens.tokens())));
    }
    TokenDataset first = sharedTokenizer(sources);
    DataMixture mixture = DataMixture.of(sources, config.sequenceLength());
    BatchPlan plan = new BatchPlan(mixture.samples(), config.globalBatch(), config.microBatch());
    if (plan.stepsPerEpoch() == 0) {
      throw new ConfigurationException(
          TrainError.NOT_ENOUGH_DATA,
          "The data holds %d samples of %d tokens, less than one global batch of %d; add data or lower train.global-batch or train.sequence-length"
              .formatted(mixture.samples(), config.sequenceLength(), config.globalBatch()));
    }
    DataOrder order = config.data().order().over(mixture.samples(), config.seed());
    return new RunData(mixture, order, plan, inputs, first);
  }

  private static TokenDataset sharedTokenizer(List<DataMixture.Source> sources) {
    TokenDataset first = sources.get(0).tokens();
    for (DataMixture.Source source : sources) {
      requireSameTokenizer(source.name(), source.tokens(), first);
    }
    return first;
  }

  /** One tokenizer for all data: the ids of two tokenizers mean different things. */
  static void requireSameTokenizer(String name, TokenDataset tokens, TokenDataset first) {
    if (!tokens.tokenizerDigest().equals(first.tokenizerDigest())) {
      throw new ConfigurationException(
          TrainError.TOKENIZER_MISMATCH,
          "Source %s was made with another tokenizer (sha256 %s) than the first source (%s); tokenise both with one"
              .formatted(name, tokens.tokenizerDigest(), first.tokenizerDigest()));
    }
  }

  /**
   * Reads a share of all shards and compares their digests: every {@code count}-th, so that the
   * ranks together read all.
   *
   * @throws org.instella.conf.error.DataException naming the first shard that differs
   */
  void verify(Storage storage, Rank rank) {
    int number = 0;
    for (DataMixture.Source source : mixture.sources()) {
      for (FileDigest file : source.tokens().manifest().files()) {
        if (file.name().endsWith(TokenShard.SUFFIX) && number++ % rank.count() == rank.index()) {
          Manifest.verify(storage, source.tokens().folder(), file);
        }
      }
    }
  }

  /** Refuses a model that has no embedding for some id of the data. */
  void requireFits(TransformerConfig model) {
    if (first.vocabularySize() > model.vocabularySize()) {
      throw new ConfigurationException(
          TrainError.TOKENIZER_MISMATCH,
          "The data was made with a vocabulary of %d ids, the model has %d; set train.model.vocabulary-size to at least %d or tokenise with the model's tokenizer"
              .formatted(first.vocabularySize(), model.vocabularySize(), first.vocabularySize()));
    }
  }

  /** What a step and an epoch hold. */
  TrainDuration.Units units(TrainConfig config) {
    return new TrainDuration.Units(config.tokensPerStep(), plan.stepsPerEpoch());
  }

  /** The end token, if attention shall stay within documents. */
  OptionalInt documentEnd(ComputeConfig compute) {
    return compute.attendAcrossDocuments() ? OptionalInt.empty() : OptionalInt.of(first.eosId());
  }
}
