package org.instella.train;

import org.instella.conf.settings.Settings;

/**
 * How the loss of a step is formed and guarded.
 *
 * @param normalisation divisor of the summed cross entropy
 * @param nonFinite what happens when it is not finite
 * @param rollBacks how often a run may roll back before it stops
 * @param rollBackSteps how many batches a roll-back passes over: that of the step in question and
 *     those before it
 */
public record LossConfig(
    Normalisation normalisation, NonFinite nonFinite, int rollBacks, int rollBackSteps) {

  /** Divisor of the cross entropy summed over the global batch. */
  public enum Normalisation {
    /** The number of targets: the mean over predicted tokens. */
    EXACT,
    /**
     * Sequences times sequence length, although the last position of a sequence has no target: the
     * published runs carry this factor of 4095/4096.
     */
    INSTELLA
  }

  /** What happens when loss or gradient norm is not finite. */
  public enum NonFinite {
    /** The run ends with an error that names the documents of the batch. */
    STOP,
    /** The batch is used up without an update, and the run goes on. */
    SKIP_BATCH,
    /**
     * The run goes back to a checkpoint before the step, and this time uses the batches around it
     * up without an update.
     */
    ROLL_BACK
  }

  /** Reads a section {@code loss}. */
  static LossConfig from(Settings loss) {
    return new LossConfig(
        loss.choice("normalisation", "divisor of the summed cross entropy", Normalisation.class)
            .orElse(Normalisation.EXACT),
        loss.choice("non-finite", "what a non-finite loss or gradient does", NonFinite.class)
            .orElse(NonFinite.STOP),
        loss.integer("roll-backs", "how often a run may roll back before it stops")
            .atLeast(0)
            .orElse(3),
        loss.integer("roll-back-steps", "batches passed over: that of the step and those before it")
            .atLeast(1)
            .orElse(1));
  }
}
