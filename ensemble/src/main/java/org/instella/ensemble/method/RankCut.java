package org.instella.ensemble.method;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A place in the order of a task vector's elements by magnitude, equal magnitudes by index. Finding
 * it takes passes over the tensor instead of a copy of it, so memory stays small for any size.
 *
 * @param magnitude magnitude of the element at the cut
 * @param index its index; elements of the same magnitude below this index are below the cut
 */
record RankCut(double magnitude, long index) {
  private static final RankCut BEYOND_ALL = new RankCut(Double.POSITIVE_INFINITY, 0);
  private static final int SMALL = 1 << 20;
  private static final int DIGIT = 21; // three digits make the 63 bits of a magnitude
  private static final int BINS = 1 << DIGIT;

  /** True for exactly as many elements as the rank that was asked for. */
  boolean below(double value, long at) {
    return value < magnitude || (value == magnitude && at < index);
  }

  /**
   * Finds cuts in every model's task vector.
   *
   * @param ranks how many elements are to be below each cut, from 0 to the number of elements
   * @return [rank][model]
   */
  static List<List<RankCut>> find(TensorValues tensor, List<Long> ranks) {
    return tensor.elements() <= SMALL ? bySorting(tensor, ranks) : byCounting(tensor, ranks);
  }

  /** For tensors that fit in memory many times over. */
  static List<List<RankCut>> bySorting(TensorValues tensor, List<Long> ranks) {
    int elements = (int) tensor.elements();
    double[][] magnitudes = new double[tensor.models()][elements];
    tensor.forEachBlock(
        block -> {
          for (int m = 0; m < magnitudes.length; m++) {
            for (int i = 0; i < block.count(); i++) {
              magnitudes[m][(int) block.first() + i] =
                  Math.abs(block.models()[m][i] - block.base()[i]);
            }
          }
        });
    double[][] thresholds = new double[ranks.size()][tensor.models()];
    long[][] ties = new long[ranks.size()][tensor.models()];
    for (int m = 0; m < magnitudes.length; m++) {
      double[] sorted = magnitudes[m].clone();
      Arrays.sort(sorted);
      for (int r = 0; r < ranks.size(); r++) {
        int rank = ranks.get(r).intValue();
        if (rank < elements) {
          thresholds[r][m] = sorted[rank];
          int firstEqual = rank;
          while (firstEqual > 0 && sorted[firstEqual - 1] == sorted[rank]) {
            firstEqual--;
          }
          ties[r][m] = rank - firstEqual;
        }
      }
    }
    return locate(tensor, ranks, thresholds, ties);
  }

  /** Radix selection: three passes that count digits, one that finds the index among equals. */
  static List<List<RankCut>> byCounting(TensorValues tensor, List<Long> ranks) {
    int models = tensor.models();
    long[][] prefix = new long[ranks.size()][models];
    long[][] rest = new long[ranks.size()][models];
    for (int r = 0; r < ranks.size(); r++) {
      Arrays.fill(rest[r], ranks.get(r));
    }
    for (int shift = 2 * DIGIT; shift >= 0; shift -= DIGIT) {
      int[][][] counts = count(tensor, ranks, prefix, shift);
      for (int r = 0; r < ranks.size(); r++) {
        for (int m = 0; m < models && ranks.get(r) < tensor.elements(); m++) {
          int bin = 0;
          while (rest[r][m] >= counts[r][m][bin]) {
            rest[r][m] -= counts[r][m][bin++];
          }
          prefix[r][m] = (prefix[r][m] << DIGIT) | bin;
        }
      }
    }
    double[][] thresholds = new double[ranks.size()][models];
    for (int r = 0; r < ranks.size(); r++) {
      for (int m = 0; m < models; m++) {
        thresholds[r][m] = Double.longBitsToDouble(prefix[r][m]);
      }
    }
    return locate(tensor, ranks, thresholds, rest);
  }

  /** How many magnitudes with the found prefix have each value of the digit above {@code shift}. */
  private static int[][][] count(
      TensorValues tensor, List<Long> ranks, long[][] prefix, int shift) {
    int[][][] counts = new int[ranks.size()][tensor.models()][BINS];
    tensor.forEachBlock(
        block -> {
          for (int m = 0; m < tensor.models(); m++) {
            double[] values = block.models()[m];
            for (int i = 0; i < block.count(); i++) {
              long bits = Double.doubleToRawLongBits(Math.abs(values[i] - block.base()[i]));
              long head = bits >>> shift;
              for (int r = 0; r < ranks.size(); r++) {
                if (head >>> DIGIT == prefix[r][m]) {
                  counts[r][m][(int) head & (BINS - 1)]++;
                }
              }
            }
          }
        });
    return counts;
  }

  /** The index of the {@code ties}-th element, counted from 0, that equals the threshold. */
  private static List<List<RankCut>> locate(
      TensorValues tensor, List<Long> ranks, double[][] thresholds, long[][] ties) {
    long[][] seen = new long[ranks.size()][tensor.models()];
    RankCut[][] cuts = new RankCut[ranks.size()][tensor.models()];
    tensor.forEachBlock(
        block -> {
          for (int r = 0; r < cuts.length; r++) {
            for (int m = 0; m < tensor.models(); m++) {
              double[] values = block.models()[m];
              for (int i = 0; cuts[r][m] == null && i < block.count(); i++) {
                double magnitude = Math.abs(values[i] - block.base()[i]);
                if (magnitude == thresholds[r][m] && seen[r][m]++ == ties[r][m]) {
                  cuts[r][m] = new RankCut(magnitude, block.first() + i);
                }
              }
            }
          }
        });
    List<List<RankCut>> result = new ArrayList<>();
    for (int r = 0; r < cuts.length; r++) {
      for (int m = 0; m < tensor.models(); m++) {
        if (ranks.get(r) >= tensor.elements()) {
          cuts[r][m] = BEYOND_ALL;
        }
      }
      result.add(List.of(cuts[r]));
    }
    return result;
  }
}
