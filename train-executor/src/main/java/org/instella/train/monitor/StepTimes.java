package org.instella.train.monitor;

import java.io.Serializable;

/**
 * Where wall time of rank 0 went, in seconds. The three named parts do not overlap; what is left of
 * the total is {@link #compute()}.
 *
 * @param total wall time
 * @param data waiting for a batch
 * @param communication waiting inside collectives
 * @param checkpoint halted by a checkpoint
 */
public record StepTimes(double total, double data, double communication, double checkpoint)
    implements Serializable {
  public static final StepTimes NONE = new StepTimes(0, 0, 0, 0);

  /** Forward, backward, update, and measuring on held-out data. */
  public double compute() {
    return Math.max(0, total - data - communication - checkpoint);
  }

  public StepTimes plus(StepTimes other) {
    return new StepTimes(
        total + other.total,
        data + other.data,
        communication + other.communication,
        checkpoint + other.checkpoint);
  }

  public StepTimes minus(StepTimes other) {
    return new StepTimes(
        total - other.total,
        data - other.data,
        communication - other.communication,
        checkpoint - other.checkpoint);
  }
}
