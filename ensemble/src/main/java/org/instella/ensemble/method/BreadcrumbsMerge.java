package org.instella.ensemble.method;

import java.util.List;

/**
 * Model breadcrumbs (Davari and Belilovsky 2024, arXiv:2312.06795): of each task vector drop both
 * the largest elements, which are outliers, and the smallest, which are noise.
 *
 * @param density share that is kept, per tensor
 * @param outliers share of the largest that is dropped (the paper's gamma); gives way where too
 *     little would be left for {@code density}
 */
public record BreadcrumbsMerge(TaskVectors vectors, double density, double outliers)
    implements MergeMethod {
  @Override
  public boolean needsBase() {
    return true;
  }

  @Override
  public BlockMerge prepare(TensorValues tensor) {
    long elements = tensor.elements();
    long kept = density >= 1 ? elements : (long) (density * elements);
    long top = Math.min((long) (outliers * elements), elements - kept);
    long bottom = elements - kept - top;
    List<List<RankCut>> cuts = RankCut.find(tensor, List.of(bottom, elements - top));
    return (block, merged) ->
        vectors.combine(
            block,
            (model, index, delta) -> {
              double magnitude = Math.abs(delta);
              boolean inside =
                  !cuts.get(0).get(model).below(magnitude, index)
                      && cuts.get(1).get(model).below(magnitude, index);
              return inside ? 1 : 0;
            },
            merged);
  }

  @Override
  public boolean passesOverTensors() {
    return true;
  }
}
