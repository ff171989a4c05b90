package org.instella.train;

import org.instella.train.data.SampleBatch;
import org.instella.train.parallel.ProcessGroup;

/**
 * What the ranks tell each other once per step, in one small all-reduce. Every number has a place
 * of its own to which all other ranks add zero, so sums are exact and do not depend on the number
 * of ranks.
 */
final class StepExchange {
  private static final int PER_MICRO_BATCH = 4;
  private static final int COMMON = 3;
  private static final int STOP = 0;
  private static final int PART_WRITTEN = 1;
  private static final int PART_FAILED = 2;

  private final int microBatches;
  private final double[] values;

  StepExchange(int microBatches) {
    this.microBatches = microBatches;
    this.values = new double[PER_MICRO_BATCH * microBatches + COMMON];
  }

  /** What one micro-batch gave. */
  void set(int microBatch, double lossSum, SampleBatch samples) {
    long fingerprint = samples.fingerprint();
    int at = PER_MICRO_BATCH * microBatch;
    values[at] = lossSum;
    values[at + 1] = samples.targetCount();
    // 64 bits do not fit into a double, 32 do.
    values[at + 2] = fingerprint >>> 32;
    values[at + 3] = fingerprint & 0xffffffffL;
  }

  /** This rank was asked to stop. */
  void setStop(boolean stop) {
    values[PER_MICRO_BATCH * microBatches + STOP] = stop ? 1 : 0;
  }

  /** How far this rank is with its part of a checkpoint that is written in the background. */
  void setPart(boolean written, boolean failed) {
    values[PER_MICRO_BATCH * microBatches + PART_WRITTEN] = written ? 1 : 0;
    values[PER_MICRO_BATCH * microBatches + PART_FAILED] = failed ? 1 : 0;
  }

  void run(ProcessGroup group) {
    group.allReduce(values);
  }

  /** Loss over the global batch, added in the order of micro-batches. */
  double lossSum() {
    double sum = 0;
    for (int i = 0; i < microBatches; i++) {
      sum += values[PER_MICRO_BATCH * i];
    }
    return sum;
  }

  /** Micro-batches of the global batch. */
  int microBatches() {
    return microBatches;
  }

  /** Mean loss over the targets of one micro-batch. */
  double loss(int microBatch) {
    int at = PER_MICRO_BATCH * microBatch;
    return values[at] / values[at + 1];
  }

  /** Targets of the global batch. */
  long targets() {
    double sum = 0;
    for (int i = 0; i < microBatches; i++) {
      sum += values[PER_MICRO_BATCH * i + 1];
    }
    return (long) sum;
  }

  /** See {@link SampleBatch#fingerprint()}, over the global batch. */
  long fingerprint() {
    long sum = 0;
    for (int i = 0; i < microBatches; i++) {
      int at = PER_MICRO_BATCH * i;
      sum += ((long) values[at + 2] << 32) + (long) values[at + 3];
    }
    return sum;
  }

  /** Whether any rank was asked to stop. */
  boolean stop() {
    return values[PER_MICRO_BATCH * microBatches + STOP] > 0;
  }

  /** Ranks that have written their part. */
  int partsWritten() {
    return (int) values[PER_MICRO_BATCH * microBatches + PART_WRITTEN];
  }

  /** Whether any rank could not write its part. */
  boolean partFailed() {
    return values[PER_MICRO_BATCH * microBatches + PART_FAILED] > 0;
  }
}
