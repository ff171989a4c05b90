package org.instella.train;

/**
 * One step as an operator sees it.
 *
 * @param step counted from 1
 * @param steps the last step of the run
 * @param epoch counted from 0
 * @param loss by the normalisation of the recipe, over the global batch
 * @param gradientNorm global, before clipping
 * @param learningRate of this update
 * @param tokens read since the first step of the run
 * @param tokensPerSecond over the last steps of this attempt
 * @param secondsLeft until the last step, at that rate
 * @param stepSeconds this step, wall time
 * @param dataSeconds of it: waiting for the batch
 * @param communicationSeconds of it: inside collectives on rank 0
 * @param checkpointSeconds of it: halted by a checkpoint
 * @param skipped whether the batch was skipped because loss or gradient was not finite
 */
public record StepProgress(
    long step,
    long steps,
    long epoch,
    double loss,
    double gradientNorm,
    double learningRate,
    long tokens,
    double tokensPerSecond,
    double secondsLeft,
    double stepSeconds,
    double dataSeconds,
    double communicationSeconds,
    double checkpointSeconds,
    boolean skipped) {}
