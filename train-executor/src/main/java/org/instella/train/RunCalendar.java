package org.instella.train;

import org.instella.train.optim.LearningRate;
import org.instella.train.optim.TrainDuration;

/**
 * When what is due in a run, in steps.
 *
 * @param lastStep the run ends with it
 * @param checkpointEvery steps between checkpoints, at least 1
 * @param keepEvery checkpoints at multiples of this stay for ever; 0 for none
 * @param heldOutEvery steps between measurements on held-out data; 0 for none
 * @param learningRate over the run
 */
record RunCalendar(
    long lastStep,
    long checkpointEvery,
    long keepEvery,
    long heldOutEvery,
    LearningRate learningRate) {

  static RunCalendar of(TrainConfig config, TrainDuration.Units units) {
    long lastStep = config.duration().toSteps(units);
    return new RunCalendar(
        lastStep,
        Math.max(1, config.checkpoint().every().toSteps(units)),
        config.checkpoint().keepEvery().map(every -> every.toSteps(units)).orElse(0L),
        config.heldOut().map(h -> Math.max(1, h.every().toSteps(units))).orElse(0L),
        config.schedule().of(config.optimizer().learningRate(), lastStep, units));
  }

  /** Whether a checkpoint is due after a step; the last one is made by the end of the run. */
  boolean checkpointDue(long step) {
    return step % checkpointEvery == 0 && step < lastStep;
  }

  /** Whether a checkpoint is due after some step behind this one. */
  boolean anotherCheckpointDue(long step) {
    return checkpointDue(step - step % checkpointEvery + checkpointEvery);
  }

  /** Whether held-out data is measured after a step; at the end it is measured in any case. */
  boolean heldOutDue(long step) {
    return heldOutEvery > 0 && step % heldOutEvery == 0 && step < lastStep;
  }
}
