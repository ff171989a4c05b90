package org.instella.train;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.instella.conf.storage.Storage;
import org.instella.tokenize.shard.TokenDataset;
import org.instella.train.data.DataLoader;
import org.instella.train.data.DataMixture;
import org.instella.train.data.SampleBatch;
import org.instella.train.objective.Objective;
import org.instella.train.parallel.ProcessGroup;

/**
 * The loss on data that is not trained on: the first sequences of each source, always the same,
 * shared out among the ranks. Every micro-batch has a place of its own in the exchange, so the
 * result does not depend on the number of ranks.
 */
final class HeldOut {
  private final List<DataMixture> sources; // one mixture for each
  private final List<String> names;
  private final int sequences;
  private final int microBatch;
  private final OptionalInt documentEnd;

  private HeldOut(
      List<DataMixture> sources,
      List<String> names,
      int sequences,
      int microBatch,
      OptionalInt documentEnd) {
    this.sources = sources;
    this.names = names;
    this.sequences = sequences;
    this.microBatch = microBatch;
    this.documentEnd = documentEnd;
  }

  static HeldOut open(Storage storage, TrainConfig config, HeldOutConfig heldOut, RunData data) {
    List<DataMixture> mixtures = new ArrayList<>();
    List<String> names = new ArrayList<>();
    for (DataConfig.Source source : heldOut.sources()) {
      TokenDataset tokens = TokenDataset.open(storage, source.path());
      DataMixture.Source opened =
          new DataMixture.Source(source.name(), tokens, source.passes(tokens.tokens()));
      RunData.requireSameTokenizer(source.name(), tokens, data.first());
      mixtures.add(DataMixture.of(List.of(opened), config.sequenceLength()));
      names.add(source.name());
    }
    return new HeldOut(
        mixtures,
        names,
        heldOut.sequences(),
        config.microBatch(),
        data.documentEnd(config.compute()));
  }

  /** Mean loss per target, by source; the same in all ranks. */
  SortedMap<String, Double> measure(Objective objective, ProcessGroup group) {
    SortedMap<String, Double> losses = new TreeMap<>();
    for (int i = 0; i < sources.size(); i++) {
      losses.put(names.get(i), measure(sources.get(i), objective, group));
    }
    return losses;
  }

  private double measure(DataMixture source, Objective objective, ProcessGroup group) {
    long count = Math.min(sequences, source.samples());
    int batches = (int) ((count + microBatch - 1) / microBatch);
    double[] sums = new double[2 * batches];
    for (int i = group.rank(); i < batches; i += group.count()) {
      long first = (long) i * microBatch;
      long[] samples = LongStream.range(first, Math.min(first + microBatch, count)).toArray();
      SampleBatch batch = DataLoader.nextToken(source, samples, first, documentEnd);
      sums[2 * i] = objective.lossSum(batch);
      sums[2 * i + 1] = batch.targetCount();
    }
    group.allReduce(sums);
    double loss = 0;
    double targets = 0;
    for (int i = 0; i < batches; i++) {
      loss += sums[2 * i];
      targets += sums[2 * i + 1];
    }
    return loss / targets;
  }
}
