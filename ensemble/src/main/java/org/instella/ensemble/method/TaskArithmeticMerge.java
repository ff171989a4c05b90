package org.instella.ensemble.method;

/**
 * Task arithmetic (Ilharco et al. 2023, arXiv:2212.04089): the base plus the weighted sum of the
 * task vectors; a negative weight takes a skill away.
 */
public record TaskArithmeticMerge(TaskVectors vectors) implements MergeMethod {
  @Override
  public boolean needsBase() {
    return true;
  }

  @Override
  public BlockMerge prepare(TensorValues tensor) {
    return (block, merged) -> vectors.combine(block, (model, index, delta) -> 1, merged);
  }
}
