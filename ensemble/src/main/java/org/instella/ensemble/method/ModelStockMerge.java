package org.instella.ensemble.method;

/**
 * Model Stock (Jang et al. 2024, arXiv:2403.19522): between the base and the mean of N fine-tuned
 * models, at the point that the angle between them calls for, {@code t = N cos / (1 + (N - 1)
 * cos)}; cos is the mean over all pairs, tensor by tensor.
 */
public record ModelStockMerge() implements MergeMethod {
  @Override
  public boolean needsBase() {
    return true;
  }

  @Override
  public BlockMerge prepare(TensorValues tensor) {
    InnerProducts offsets = InnerProducts.of(tensor, true);
    double cosine = offsets.meanOverPairs(pair -> offsets.cosine(pair[0], pair[1]));
    int models = tensor.models();
    double t = models * cosine / (1 + (models - 1) * cosine);
    return (block, merged) -> {
      for (int i = 0; i < block.count(); i++) {
        double sum = 0;
        for (double[] model : block.models()) {
          sum += model[i];
        }
        merged[i] = t * (sum / models) + (1 - t) * block.base()[i];
      }
    };
  }

  @Override
  public boolean passesOverTensors() {
    return true;
  }
}
