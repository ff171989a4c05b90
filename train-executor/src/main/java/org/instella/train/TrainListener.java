package org.instella.train;

import java.util.SortedMap;
import org.instella.conf.storage.Location;
import org.instella.train.monitor.DeviceRate;
import org.instella.train.monitor.StepTimes;
import org.instella.train.plan.Flops;
import org.instella.train.plan.TrainingPlan;

/**
 * Hears of a run's progress, on rank 0, on the training thread: must return quickly and not throw.
 */
public interface TrainListener {

  /** Before the first step of this attempt. */
  default void started(RunShape shape) {}

  /** After every step. */
  default void stepped(StepProgress progress) {}

  /** After the loss on held-out data was measured: mean loss per predicted token, by source. */
  default void measured(long step, SortedMap<String, Double> heldOutLoss) {}

  /** After a checkpoint was published. */
  default void saved(long step, Location checkpoint) {}

  /** After a step that is noted: a spike, or a batch that was skipped. */
  default void noted(Incident incident) {}

  /** Before the run goes back to a checkpoint. */
  default void rolledBack(RollBack rollBack) {}

  /**
   * After the last step, when the model folder is published.
   *
   * @param times of this attempt, from its first step on
   */
  default void finished(TrainResult result, StepTimes times) {}

  /** Hears and does nothing. */
  static TrainListener silent() {
    return new TrainListener() {};
  }

  /**
   * What a run is made of.
   *
   * @param firstStep the step this attempt starts with, 1 for a fresh run
   * @param steps the last step
   * @param parameters number of weights
   * @param tokensPerStep tokens read in a step
   * @param samples samples in an epoch
   * @param stepsPerEpoch whole steps in an epoch
   * @param ranks number of ranks
   * @param generation number of this attempt
   * @param flops of one token
   * @param device what the MFU refers to
   * @param plan what the recipe promises
   */
  record RunShape(
      long firstStep,
      long steps,
      long parameters,
      long tokensPerStep,
      long samples,
      long stepsPerEpoch,
      int ranks,
      int generation,
      Flops flops,
      DeviceRate device,
      TrainingPlan plan) {}
}
