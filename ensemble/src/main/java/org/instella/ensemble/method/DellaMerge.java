package org.instella.ensemble.method;

import java.util.Arrays;

/**
 * DELLA (Deep et al. 2024, arXiv:2406.11617): as DARE, but the chance to be kept grows with the
 * rank of the element's magnitude in its row, from {@code density - window} to {@code density +
 * window}, and each kept element is divided by its own chance.
 *
 * @param window half the width of the range of chances (the paper's epsilon)
 * @param rescale false leaves the kept elements as they are
 */
public record DellaMerge(
    TaskVectors vectors, double density, double window, boolean rescale, long seed)
    implements MergeMethod {
  @Override
  public boolean needsBase() {
    return true;
  }

  @Override
  public boolean wantsRows() {
    return true;
  }

  @Override
  public BlockMerge prepare(TensorValues tensor) {
    ElementDice dice = ElementDice.of(seed, tensor.name(), tensor.models());
    int row = tensor.rowLength();
    return (block, merged) -> {
      double[][] chances = chances(block, row);
      vectors.combine(
          block,
          (model, index, delta) -> {
            double chance = chances[model][(int) (index - block.first())];
            return dice.roll(model, index) < chance ? (rescale ? 1 / chance : 1) : 0;
          },
          merged);
    };
  }

  private double[][] chances(Block block, int row) {
    double[][] chances = new double[block.models().length][block.count()];
    double[] magnitudes = new double[row];
    for (int m = 0; m < chances.length; m++) {
      for (int begin = 0; begin < block.count(); begin += row) {
        for (int i = 0; i < row; i++) {
          magnitudes[i] = Math.abs(block.models()[m][begin + i] - block.base()[begin + i]);
        }
        int[] ranks = ranks(magnitudes);
        for (int i = 0; i < row; i++) {
          double place = row == 1 ? 0.5 : (double) ranks[i] / (row - 1);
          chances[m][begin + i] = density - window + place * 2 * window;
        }
      }
    }
    return chances;
  }

  /** Place of each element in ascending order, equal ones in the order of their indices. */
  private static int[] ranks(double[] magnitudes) {
    double[] sorted = magnitudes.clone();
    Arrays.sort(sorted);
    int[] equalBefore = new int[sorted.length];
    int[] ranks = new int[sorted.length];
    for (int i = 0; i < sorted.length; i++) {
      int first = firstOf(sorted, magnitudes[i]);
      ranks[i] = first + equalBefore[first]++;
    }
    return ranks;
  }

  private static int firstOf(double[] sorted, double value) {
    int low = 0;
    int high = sorted.length - 1;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (sorted[middle] < value) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
