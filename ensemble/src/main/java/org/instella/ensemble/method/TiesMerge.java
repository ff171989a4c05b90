package org.instella.ensemble.method;

import java.util.List;

/**
 * TIES (Yadav et al. 2023, arXiv:2306.01708): keep the largest share of each task vector by
 * magnitude, elect a sign per element, average those that agree.
 *
 * @param density share that is kept, per tensor
 */
public record TiesMerge(TaskVectors vectors, double density) implements MergeMethod {
  @Override
  public boolean needsBase() {
    return true;
  }

  @Override
  public BlockMerge prepare(TensorValues tensor) {
    long kept = density >= 1 ? tensor.elements() : (long) (density * tensor.elements());
    List<RankCut> cuts = RankCut.find(tensor, List.of(tensor.elements() - kept)).get(0);
    return (block, merged) ->
        vectors.combine(
            block,
            (model, index, delta) -> cuts.get(model).below(Math.abs(delta), index) ? 0 : 1,
            merged);
  }

  @Override
  public boolean passesOverTensors() {
    return true;
  }
}
