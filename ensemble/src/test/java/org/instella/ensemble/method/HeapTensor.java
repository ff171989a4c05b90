package org.instella.ensemble.method;

import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.instella.model.checkpoint.Dtype;

/** A tensor in memory, handed out in blocks of whole rows. */
record HeapTensor(
    String name, List<Long> shape, Dtype dtype, double[][] values, double[] base, int block)
    implements TensorValues {
  @Override
  public int models() {
    return values.length;
  }

  @Override
  public void forEachBlock(Consumer<Block> visitor) {
    int all = (int) elements();
    for (int first = 0; first < all; first += block) {
      visitor.accept(blockAt(first, Math.min(block, all - first)));
    }
  }

  /** The whole tensor merged, block by block. */
  double[] merged(MergeMethod method) {
    BlockMerge merge = method.prepare(this);
    double[] result = new double[(int) elements()];
    forEachBlock(
        part -> {
          double[] out = new double[part.count()];
          merge.merge(part, out);
          System.arraycopy(out, 0, result, (int) part.first(), part.count());
        });
    return result;
  }

  private Block blockAt(int first, int count) {
    double[][] parts = new double[values.length][];
    for (int m = 0; m < parts.length; m++) {
      parts[m] = Arrays.copyOfRange(values[m], first, first + count);
    }
    double[] origin = base == null ? null : Arrays.copyOfRange(base, first, first + count);
    return new Block(first, count, parts, origin);
  }
}
