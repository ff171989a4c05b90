package org.instella.train.data;

/**
 * How steps take samples from an order: a fixed number each, whole steps only, the rest of an epoch
 * is left out.
 *
 * @param samples in an epoch
 * @param globalBatch samples in a step
 * @param microBatch samples in a micro-batch; divides {@code globalBatch}
 */
public record BatchPlan(long samples, int globalBatch, int microBatch) {

  /** Whole steps in an epoch. */
  public long stepsPerEpoch() {
    return samples / globalBatch;
  }

  /** Where the samples of a step stand; steps count from 1. */
  public Batch.Place place(long step) {
    long index = step - 1;
    return new Batch.Place(
        index / stepsPerEpoch(), index % stepsPerEpoch() * globalBatch, globalBatch);
  }

  /** Micro-batches in a step, over all ranks. */
  public int microBatches() {
    return globalBatch / microBatch;
  }

  /** {@link SampleBatch#fingerprint()} of a whole step, from the order alone. */
  public long fingerprint(long step, DataOrder order) {
    Batch.Place place = place(step);
    long sum = 0;
    for (int i = 0; i < globalBatch; i++) {
      long position = place.position() + i;
      sum += SampleBatch.fingerprint(position, order.sample(place.epoch(), position));
    }
    return sum;
  }
}
