package org.instella.train;

import java.io.Serializable;
import java.util.OptionalDouble;
import java.util.SortedMap;
import org.instella.train.monitor.StepTimes;

/**
 * One step as an operator sees it.
 *
 * @param step counted from 1
 * @param steps the last step of the run
 * @param epoch counted from 0
 * @param loss by the normalisation of the recipe, over the global batch; not a number where the
 *     batch was passed over
 * @param gradientNorm global, before clipping; likewise
 * @param learningRate of this update
 * @param tokens read since the first step of the run
 * @param rate over the last steps of this attempt
 * @param times of this step, with what lay between it and the one before
 * @param attempt times of this attempt up to here
 * @param skipped whether the batch was used up without an update
 * @param spikeBound what the loss exceeds, if it is a spike
 * @param weightNorms L2 norms by kind of weight; empty at most steps
 */
public record StepProgress(
    long step,
    long steps,
    long epoch,
    double loss,
    double gradientNorm,
    double learningRate,
    long tokens,
    Rate rate,
    StepTimes times,
    StepTimes attempt,
    boolean skipped,
    OptionalDouble spikeBound,
    SortedMap<String, Double> weightNorms) {

  /**
   * How fast a run is.
   *
   * @param tokensPerSecond all devices together
   * @param tokensPerSecondPerDevice one of them
   * @param mfu share of the devices' peak, attention counted under its causal mask
   * @param mfuFull likewise, attention counted over the whole square, as most published figures
   * @param secondsLeft until the last step, at this rate
   */
  public record Rate(
      double tokensPerSecond,
      double tokensPerSecondPerDevice,
      double mfu,
      double mfuFull,
      double secondsLeft)
      implements Serializable {}
}
