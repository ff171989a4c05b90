package org.instella.train.plan;

import java.time.Duration;
import org.instella.model.transformer.TransformerConfig;
import org.instella.train.TrainConfig;
import org.instella.train.optim.TrainDuration;

/**
 * What a stage will take, from its recipe alone.
 *
 * @param parameters elements of all tensors
 * @param flopParameters those that multiply: without the input embedding
 * @param flopsPerToken forward and backward
 * @param steps updates of the run
 * @param tokens read by the run
 * @param ranks barrier slots: one device each
 * @param memory of one rank
 * @param checkpointBytes of one checkpoint: weights and both moments, float32
 */
public record TrainingPlan(
    long parameters,
    long flopParameters,
    Flops flopsPerToken,
    long steps,
    long tokens,
    int ranks,
    RankMemory memory,
    long checkpointBytes) {

  /** Share of a device's peak that well-kept programs of this size reach; an assumption. */
  public static final double USUAL_MFU = 0.38;

  /**
   * The plan of a run.
   *
   * @param units what a step and an epoch hold; an epoch matters only for durations in epochs
   */
  public static TrainingPlan of(
      TransformerConfig model, TrainConfig train, TrainDuration.Units units, int ranks) {
    long steps = train.duration().toSteps(units);
    long parameters = model.parameterCount();
    return new TrainingPlan(
        parameters,
        Flops.withoutInputEmbedding(model),
        Flops.perToken(model, train.sequenceLength()),
        steps,
        steps * train.tokensPerStep(),
        ranks,
        RankMemory.of(model, train, ranks),
        3 * parameters * Float.BYTES);
  }

  /** Operations of the whole run, matrix products alone. */
  public double weightFlops() {
    return tokens * flopsPerToken.weights();
  }

  /** Operations of the whole run, attention under its causal mask. */
  public double causalFlops() {
    return tokens * flopsPerToken.causal();
  }

  /** Operations of the whole run, attention over the whole square. */
  public double fullFlops() {
    return tokens * flopsPerToken.full();
  }

  /**
   * Wall time of the run, attention counted under its causal mask.
   *
   * @param flopsPerSecond that one device achieves
   */
  public Duration time(double flopsPerSecond) {
    return Duration.ofSeconds(Math.round(causalFlops() / (ranks * flopsPerSecond)));
  }
}
