package org.instella.train.optim;

import org.instella.conf.settings.Range;
import org.instella.conf.settings.Settings;

/**
 * Settings of AdamW with decoupled weight decay (Loshchilov and Hutter 2019, arXiv:1711.05101). The
 * decay acts on every parameter, norms and embeddings included, as in the published recipes.
 *
 * @param learningRate peak rate; the schedule scales it
 * @param beta1 decay of the mean of gradients
 * @param beta2 decay of the mean of squared gradients
 * @param epsilon added to the root of the second moment
 * @param weightDecay share of a weight that a step at rate 1 takes away
 * @param clipNorm largest global gradient norm; infinity for none
 */
public record AdamW(
    double learningRate,
    double beta1,
    double beta2,
    double epsilon,
    double weightDecay,
    double clipNorm) {

  /** Reads a section {@code optimizer}; defaults are those of the published stage 1. */
  public static AdamW from(Settings optimizer) {
    return new AdamW(
        optimizer
            .number("learning-rate", "peak learning rate")
            .in(Range.openClosed(0, 1))
            .required(),
        optimizer
            .number("beta1", "decay of the mean of gradients")
            .in(Range.closedOpen(0, 1))
            .orElse(0.9),
        optimizer
            .number("beta2", "decay of the mean of squared gradients")
            .in(Range.closedOpen(0, 1))
            .orElse(0.95),
        optimizer
            .number("epsilon", "added to the root of the second moment")
            .in(Range.openClosed(0, 1))
            .orElse(1e-8),
        optimizer
            .number("weight-decay", "decoupled decay of every parameter")
            .in(Range.closed(0, 1))
            .orElse(0.1),
        optimizer
            .number("clip-norm", "largest global gradient norm; not clipped if not given")
            .greaterThan(0)
            .optional()
            .orElse(Double.POSITIVE_INFINITY));
  }

  /** What gradients are multiplied by: min(1, max / (norm + 1e-6)), as in OLMo. */
  public float clipFactor(double norm) {
    return Double.isInfinite(clipNorm) ? 1 : (float) Math.min(1, clipNorm / (norm + 1e-6));
  }
}
