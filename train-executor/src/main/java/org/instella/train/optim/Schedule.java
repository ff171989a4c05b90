package org.instella.train.optim;

import java.util.Optional;
import org.instella.conf.settings.Range;
import org.instella.conf.settings.Settings;
import org.instella.train.optim.LearningRate.Constant;
import org.instella.train.optim.LearningRate.CosineWithWarmup;
import org.instella.train.optim.LearningRate.LinearWithWarmup;
import org.instella.train.optim.LearningRate.Warmup;

/**
 * A learning rate as the recipe writes it, before the number of steps is known.
 *
 * @param kind shape of the curve
 * @param warmup length of the rise
 * @param warmupStart share of the peak at which the rise starts
 * @param finalFraction rate at the end as a share of the peak ({@code alpha_f})
 * @param end where the curve ends; empty: with the run
 */
public record Schedule(
    Kind kind,
    TrainDuration warmup,
    double warmupStart,
    double finalFraction,
    Optional<TrainDuration> end) {

  /** Shape of the curve. */
  public enum Kind {
    COSINE_WITH_WARMUP,
    LINEAR_WITH_WARMUP,
    CONSTANT
  }

  /** Reads a section {@code schedule}. */
  public static Schedule from(Settings schedule) {
    return new Schedule(
        schedule
            .choice("kind", "shape of the learning-rate curve", Kind.class)
            .orElse(Kind.COSINE_WITH_WARMUP),
        TrainDuration.read(schedule, "warmup", "length of the rise to the peak", "0 steps"),
        schedule
            .number("warmup-start-fraction", "share of the peak at step 0")
            .in(Range.closed(0, 1))
            .orElse(Warmup.PUBLISHED_START),
        schedule
            .number("final-fraction", "rate at the end as a share of the peak (alpha_f)")
            .in(Range.closed(0, 1))
            .orElse(0.1),
        TrainDuration.read(schedule, "end", "where the curve ends, if not with the run"));
  }

  /**
   * The curve of one run.
   *
   * @param peak highest rate
   * @param runSteps length of the run
   * @param units what a step and an epoch hold
   */
  public LearningRate of(double peak, long runSteps, TrainDuration.Units units) {
    Warmup rise = new Warmup(warmup.toSteps(units), warmupStart);
    long last = end.map(duration -> duration.toSteps(units)).orElse(runSteps);
    return switch (kind) {
      case COSINE_WITH_WARMUP -> new CosineWithWarmup(peak, rise, last, finalFraction);
      case LINEAR_WITH_WARMUP -> new LinearWithWarmup(peak, rise, last, finalFraction);
      case CONSTANT -> new Constant(peak, rise);
    };
  }
}
