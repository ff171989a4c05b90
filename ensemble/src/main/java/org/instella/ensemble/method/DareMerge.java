package org.instella.ensemble.method;

/**
 * DARE (Yu et al. 2024, arXiv:2311.03099): drop elements of each task vector at random and scale
 * the others by {@code 1 / density}, so that the expectation stays. With sign consensus it is
 * DARE-TIES.
 *
 * @param density chance of an element to be kept
 * @param rescale false leaves the kept elements as they are
 * @param seed equal seeds drop the same elements, in any order of work
 */
public record DareMerge(TaskVectors vectors, double density, boolean rescale, long seed)
    implements MergeMethod {
  @Override
  public boolean needsBase() {
    return true;
  }

  @Override
  public BlockMerge prepare(TensorValues tensor) {
    ElementDice dice = ElementDice.of(seed, tensor.name(), tensor.models());
    double factor = rescale ? 1 / density : 1;
    return (block, merged) ->
        vectors.combine(
            block, (model, index, delta) -> dice.roll(model, index) < density ? factor : 0, merged);
  }
}
