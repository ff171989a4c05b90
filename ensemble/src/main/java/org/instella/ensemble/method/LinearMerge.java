package org.instella.ensemble.method;

import java.util.Collections;
import java.util.List;

/**
 * Weighted mean (model soup; Wortsman et al. 2022, arXiv:2203.05482; latest-weight averaging,
 * Kaddour 2022, arXiv:2209.14981) in float64, models in their order.
 *
 * @param weights one factor per model
 * @param divisor what the weighted sum is divided by; with weights of 1 and the number of models it
 *     is the plain mean
 */
public record LinearMerge(List<Double> weights, double divisor) implements MergeMethod {
  public LinearMerge {
    weights = List.copyOf(weights);
  }

  /** The plain mean: sum in order, one division. */
  public static LinearMerge mean(int models) {
    return new LinearMerge(Collections.nCopies(models, 1.0), models);
  }

  /** A weighted mean; {@code weights} sum to 1. */
  public static LinearMerge weighted(List<Double> weights) {
    return new LinearMerge(weights, 1);
  }

  /** Mean of the last {@code last} models of a run, in the order of the run. */
  public static LinearMerge latest(int models, int last) {
    Double[] weights = new Double[models];
    for (int i = 0; i < models; i++) {
      weights[i] = i < models - last ? 0.0 : 1.0;
    }
    return new LinearMerge(List.of(weights), last);
  }

  /**
   * Exponential moving average over checkpoints in the order of the run: the first counts fully,
   * each next one moves the average by {@code 1 - decay}.
   */
  public static LinearMerge exponential(int models, double decay) {
    Double[] weights = new Double[models];
    for (int i = 0; i < models; i++) {
      weights[i] = Math.pow(decay, models - 1 - i) * (i == 0 ? 1 : 1 - decay);
    }
    return weighted(List.of(weights));
  }

  @Override
  public BlockMerge prepare(TensorValues tensor) {
    double[] factors = factors();
    return (block, merged) -> {
      int count = block.count();
      scale(block.models()[0], factors[0], merged, count);
      for (int m = 1; m < factors.length; m++) {
        add(block.models()[m], factors[m], merged, count);
      }
      if (divisor != 1) {
        for (int i = 0; i < count; i++) {
          merged[i] /= divisor;
        }
      }
    };
  }

  /** The factors as numbers, for a {@link MeanKernel}. */
  public double[] factors() {
    return weights.stream().mapToDouble(Double::doubleValue).toArray();
  }

  private static void scale(double[] values, double factor, double[] merged, int count) {
    for (int i = 0; i < count; i++) {
      merged[i] = factor * values[i];
    }
  }

  static void add(double[] values, double factor, double[] merged, int count) {
    for (int i = 0; i < count; i++) {
      merged[i] += factor * values[i];
    }
  }
}
