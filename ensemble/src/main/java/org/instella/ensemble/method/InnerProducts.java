package org.instella.ensemble.method;

import java.util.function.ToDoubleFunction;

/**
 * Inner products of one tensor between all models, each flattened and, where asked, counted from
 * the base: {@code at(i, j) = sum over elements of (x_i - b)(x_j - b)}. One pass, in float64.
 */
final class InnerProducts {
  private final double[][] sums;

  private InnerProducts(double[][] sums) {
    this.sums = sums;
  }

  static InnerProducts of(TensorValues tensor, boolean fromBase) {
    int models = tensor.models();
    double[][] sums = new double[models][models];
    tensor.forEachBlock(
        block -> {
          double[] origin = fromBase ? block.base() : null;
          for (int i = 0; i < models; i++) {
            for (int j = i; j < models; j++) {
              sums[i][j] += product(block.models()[i], block.models()[j], origin, block.count());
            }
          }
        });
    return new InnerProducts(sums);
  }

  double at(int i, int j) {
    return i <= j ? sums[i][j] : sums[j][i];
  }

  double norm(int i) {
    return Math.sqrt(sums[i][i]);
  }

  /** Cosine of the angle between two models; 0 where one of them is zero. */
  double cosine(int i, int j) {
    double norms = norm(i) * norm(j);
    return norms == 0 ? 0 : Math.max(-1, Math.min(1, at(i, j) / norms));
  }

  /** Mean over all pairs of different models. */
  double meanOverPairs(ToDoubleFunction<int[]> value) {
    double sum = 0;
    int pairs = 0;
    for (int i = 0; i < sums.length; i++) {
      for (int j = i + 1; j < sums.length; j++) {
        sum += value.applyAsDouble(new int[] {i, j});
        pairs++;
      }
    }
    return sum / pairs;
  }

  private static double product(double[] a, double[] b, double[] origin, int count) {
    double sum = 0;
    if (origin == null) {
      for (int i = 0; i < count; i++) {
        sum += a[i] * b[i];
      }
      return sum;
    }
    for (int i = 0; i < count; i++) {
      sum += (a[i] - origin[i]) * (b[i] - origin[i]);
    }
    return sum;
  }
}
