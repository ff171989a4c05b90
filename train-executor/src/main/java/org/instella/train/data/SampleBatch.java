package org.instella.train.data;

import org.instella.model.transformer.MicroBatch;

/**
 * Samples that go through the network together, and which they are.
 *
 * @param rows tokens and targets; a target is {@link #NO_TARGET} where there is none
 * @param samples [batch], number of each sample in the mixture
 * @param firstPosition place of the first sample in its epoch
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares batches
public record SampleBatch(MicroBatch rows, long[] samples, long firstPosition) {

  /** Marks a place without a target. */
  public static final int NO_TARGET = -1;

  /** Number of places with a target. */
  public long targetCount() {
    long count = 0;
    for (int target : rows.targets()) {
      count += target < 0 ? 0 : 1;
    }
    return count;
  }

  /**
   * A number that tells which samples stand at which places of the epoch; those of the
   * micro-batches of a step add up to that of the step, whatever rank computed them.
   */
  public long fingerprint() {
    long sum = 0;
    for (int i = 0; i < samples.length; i++) {
      sum += fingerprint(firstPosition + i, samples[i]);
    }
    return sum;
  }

  /** The part of one sample in {@link #fingerprint()}. */
  public static long fingerprint(long position, long sample) {
    return FeistelOrder.mix(sample ^ FeistelOrder.mix(position + 0x9e3779b97f4a7c15L));
  }
}
