package org.instella.ensemble.method;

/**
 * Moves the first model towards the second most where they are close already (alchemonaut 2024,
 * QuartetAnemoi-70B-t0.0001): an element moves by the share {@code min(1, t / |difference|)}.
 *
 * @param t difference below which an element is taken from the second model
 */
public record NearSwapMerge(double t) implements MergeMethod {
  @Override
  public BlockMerge prepare(TensorValues tensor) {
    return (block, merged) -> {
      double[] x = block.models()[0];
      double[] y = block.models()[1];
      for (int i = 0; i < block.count(); i++) {
        double share = Math.min(1, t / Math.abs(x[i] - y[i])); // infinite where equal, then 1
        merged[i] = share * y[i] + (1 - share) * x[i];
      }
    };
  }
}
