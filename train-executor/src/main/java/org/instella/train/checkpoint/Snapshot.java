package org.instella.train.checkpoint;

import java.util.Optional;
import java.util.SortedMap;
import org.instella.conf.storage.Location;
import org.instella.model.transformer.TransformerConfig;
import org.instella.train.parallel.FloatMemory;
import org.instella.train.parallel.Slice;

/**
 * What one rank gives to a checkpoint. The memory must not change until it is written.
 *
 * @param state where the run stands
 * @param weights all weights in the layout of the flat buffer; only rank 0's are written
 * @param slice the part of the flat buffer whose moments this rank owns
 * @param firstMoments of the slice, from its first element
 * @param secondMoments of the slice, from its first element
 */
public record Snapshot(
    TrainerState state,
    FloatMemory weights,
    Slice slice,
    FloatMemory firstMoments,
    FloatMemory secondMoments) {

  /**
   * What does not change from checkpoint to checkpoint of a run.
   *
   * @param config shape of the model
   * @param inputs digests of data sets and of the start, by name
   * @param recipe resolved, flat
   * @param identity the settings that the weights depend on, compared on resume
   * @param tokenizer folder or file with the tokenizer, which goes along
   */
  public record Provenance(
      TransformerConfig config,
      SortedMap<String, String> inputs,
      SortedMap<String, String> recipe,
      SortedMap<String, String> identity,
      Optional<Location> tokenizer) {}
}
