package org.instella.ensemble.method;

/**
 * Spherical interpolation of two models, tensor by tensor (Shoemake 1985, "Animating rotation with
 * quaternion curves"; for weights as in mergekit): the directions turn along the great circle, the
 * lengths enter linearly. Where the directions are closer than a cosine of 0.9995 it is the
 * straight line.
 *
 * @param t 0 gives the first model, 1 the second
 */
public record SlerpMerge(double t) implements MergeMethod {
  private static final double NEARLY_PARALLEL = 0.9995;
  private static final double TINY_NORM = 1e-8;

  @Override
  public BlockMerge prepare(TensorValues tensor) {
    InnerProducts products = InnerProducts.of(tensor, false);
    double cosine = products.at(0, 1) / (length(products, 0) * length(products, 1));
    double first = 1 - t;
    double second = t;
    if (Math.abs(cosine) <= NEARLY_PARALLEL) {
      double angle = Math.acos(cosine);
      first = Math.sin(angle * (1 - t)) / Math.sin(angle);
      second = Math.sin(angle * t) / Math.sin(angle);
    }
    double a = first;
    double b = second;
    return (block, merged) -> {
      double[] x = block.models()[0];
      double[] y = block.models()[1];
      for (int i = 0; i < block.count(); i++) {
        merged[i] = a * x[i] + b * y[i];
      }
    };
  }

  /** A tensor of zeros has no direction and is left as it is. */
  private static double length(InnerProducts products, int model) {
    double norm = products.norm(model);
    return norm > TINY_NORM ? norm : 1;
  }

  @Override
  public boolean passesOverTensors() {
    return true;
  }
}
