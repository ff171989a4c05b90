package org.instella.ensemble.method;

import java.io.Serializable;
import java.util.List;

/**
 * How task vectors (differences to the base) are put together, for all methods that prune them
 * first: {@code base + scale * combined}.
 *
 * @param weights factor of each task vector
 * @param scale the papers' lambda
 * @param normalize divide by the weights that took part
 * @param signConsensus elect the sign of each element by the weighted sum and leave out those that
 *     disagree (TIES, arXiv:2306.01708)
 */
public record TaskVectors(
    List<Double> weights, double scale, boolean normalize, boolean signConsensus)
    implements Serializable {
  private static final double NO_DIVISOR = 1e-8;

  public TaskVectors {
    weights = List.copyOf(weights);
  }

  /** The factor of one element of one task vector: 0 where it is pruned. */
  @FunctionalInterface
  interface Pruning {
    double factor(int model, long index, double delta);
  }

  /** Fills {@code merged} from a block and its pruning. */
  void combine(Block block, Pruning pruning, double[] merged) {
    int models = weights.size();
    double[] weighted = new double[models];
    double allWeights = weights.stream().mapToDouble(Double::doubleValue).sum();
    double fixedDivisor = Math.abs(allWeights) < NO_DIVISOR ? 1 : allWeights;
    for (int i = 0; i < block.count(); i++) {
      double base = block.base()[i];
      double sum = 0;
      for (int m = 0; m < models; m++) {
        double delta = block.models()[m][i] - base;
        weighted[m] = weights.get(m) * (pruning.factor(m, block.first() + i, delta) * delta);
        sum += weighted[m];
      }
      double divisor = fixedDivisor;
      if (signConsensus) {
        boolean positive = sum >= 0;
        sum = 0;
        divisor = 0;
        for (int m = 0; m < models; m++) {
          if (positive ? weighted[m] > 0 : weighted[m] < 0) {
            sum += weighted[m];
            divisor += weights.get(m);
          }
        }
        divisor = divisor == 0 ? 1 : divisor;
      }
      merged[i] = base + scale * (normalize ? sum / divisor : sum);
    }
  }
}
