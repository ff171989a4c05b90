package org.instella.ensemble.method;

import java.util.List;
import org.instella.conf.error.DataException;
import org.instella.ensemble.MergeError;

/**
 * Spherical mean of any number of models, as mergekit's multislerp: the direction is that of the
 * weighted mean of the unit vectors, the length the weighted mean of the lengths. (mergekit goes on
 * to average in the tangent space at that direction; the average of the tangent vectors there is
 * zero for weights that sum to 1, so that step changes nothing.)
 *
 * @param weights sum to 1
 * @param fromBase true when the sphere's centre is the base model instead of zero
 */
public record MultiSlerpMerge(List<Double> weights, boolean fromBase) implements MergeMethod {
  private static final double EPSILON = 1e-8;

  public MultiSlerpMerge {
    weights = List.copyOf(weights);
  }

  @Override
  public boolean needsBase() {
    return fromBase;
  }

  @Override
  public BlockMerge prepare(TensorValues tensor) {
    double[] factors = factors(tensor, InnerProducts.of(tensor, fromBase));
    return (block, merged) -> {
      for (int i = 0; i < block.count(); i++) {
        double origin = fromBase ? block.base()[i] : 0;
        double sum = 0;
        for (int m = 0; m < factors.length; m++) {
          sum += factors[m] * (block.models()[m][i] - origin);
        }
        merged[i] = origin + sum;
      }
    };
  }

  private double[] factors(TensorValues tensor, InnerProducts products) {
    int models = weights.size();
    double[] unit = new double[models]; // factor that makes a weighted unit vector
    double meanLength = 0;
    for (int i = 0; i < models; i++) {
      unit[i] = weights.get(i) / (products.norm(i) + EPSILON);
      meanLength += weights.get(i) * products.norm(i);
    }
    double square = 0;
    for (int i = 0; i < models; i++) {
      for (int j = 0; j < models; j++) {
        square += unit[i] * unit[j] * products.at(i, j);
      }
    }
    double norm = Math.sqrt(Math.max(0, square));
    double[] factors = new double[models];
    if (norm < EPSILON) {
      boolean allZero = meanLength == 0;
      if (models > 2 && !allZero) {
        throw new DataException(
            MergeError.MERGE_UNDEFINED,
            "multi-slerp has no answer for tensor %s: the weighted directions of the models cancel;"
                    .formatted(tensor.name())
                + " use other weights or another method for it");
      }
      for (int i = 0; i < models; i++) { // opposite vectors: the straight line
        factors[i] = weights.get(i);
      }
      return factors;
    }
    for (int i = 0; i < models; i++) {
      factors[i] = unit[i] * meanLength / norm;
    }
    return factors;
  }

  @Override
  public boolean passesOverTensors() {
    return true;
  }
}
