package org.instella.train.data;

import java.util.List;

/**
 * What one rank computes in one step.
 *
 * @param step counted from 1
 * @param place where the global batch stands in the order of samples
 * @param firstMicroBatch number of this rank's first micro-batch in the global batch
 * @param microBatches this rank's, in order
 */
public record Batch(long step, Place place, int firstMicroBatch, List<SampleBatch> microBatches) {

  /**
   * A stretch of an epoch.
   *
   * @param epoch counted from 0
   * @param position of the first sample in the epoch
   * @param samples in the global batch
   */
  public record Place(long epoch, long position, int samples) {}
}
