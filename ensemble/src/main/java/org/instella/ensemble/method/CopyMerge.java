package org.instella.ensemble.method;

/**
 * Takes a tensor from one model as it is, for rules that leave for example the embeddings alone.
 *
 * @param from which model, counted from 0
 */
public record CopyMerge(int from) implements MergeMethod {
  @Override
  public BlockMerge prepare(TensorValues tensor) {
    return (block, merged) -> System.arraycopy(block.models()[from], 0, merged, 0, block.count());
  }
}
