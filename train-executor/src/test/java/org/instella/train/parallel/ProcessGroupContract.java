package org.instella.train.parallel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What every process group does, whatever carries the bytes. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 120, unit = TimeUnit.SECONDS)
abstract class ProcessGroupContract {
  private static final int ELEMENTS = 3 << 15;

  /** Memory that this kind of group moves. */
  interface Numbers extends AutoCloseable {
    FloatMemory memory();

    float[] toArray();

    @Override
    void close();
  }

  abstract IntStream widths();

  abstract ProcessGroup join(Rank rank, Reduction reduction);

  abstract Numbers numbers(Rank rank, float[] values);

  static float[] gaussian(int elements, long seed) {
    Random random = new Random(seed);
    float[] values = new float[elements];
    for (int i = 0; i < elements; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static float[] add(float[] a, float[] b) {
    float[] sum = a.clone();
    for (int i = 0; i < sum.length; i++) {
      sum[i] += b[i];
    }
    return sum;
  }

  /** ((0+1)+(2+3))+((4+5)+(6+7)), in float32. */
  static float[] treeSum(List<float[]> leaves) {
    List<float[]> level = leaves;
    while (level.size() > 1) {
      List<float[]> below = level;
      level =
          IntStream.range(0, below.size() / 2)
              .mapToObj(i -> add(below.get(2 * i), below.get(2 * i + 1)))
              .toList();
    }
    return level.get(0);
  }

  /** The slice of rank r as r+1, r+2, ..., r; what a slice's owner holds. */
  private static float[] ringSum(List<float[]> inputs) {
    int count = inputs.size();
    float[] result = new float[inputs.get(0).length];
    for (int owner = 0; owner < count; owner++) {
      float[] sum = inputs.get((owner + 1) % count);
      for (int i = 2; i <= count; i++) {
        sum = add(sum, inputs.get((owner + i) % count));
      }
      Slice slice = Slice.of(result.length, owner, count);
      System.arraycopy(
          sum, (int) slice.first(), result, (int) slice.first(), (int) slice.elements());
    }
    return result;
  }

  Stream<Arguments> widthsAndReductions() {
    return widths()
        .boxed()
        .flatMap(width -> Arrays.stream(Reduction.values()).map(r -> Arguments.of(width, r)));
  }

  private static List<float[]> inputs(int ranks) {
    return IntStream.range(0, ranks).mapToObj(r -> gaussian(ELEMENTS, r)).toList();
  }

  /** Of the reductions, those of cards in fast mode promise no order of their sums. */
  boolean promisesOrder(Reduction reduction) {
    return true;
  }

  @ParameterizedTest(name = "{0} ranks, {1}")
  @MethodSource("widthsAndReductions")
  void slicesHoldTheSumInItsOrderAndGatherToTheWhole(int ranks, Reduction reduction)
      throws Exception {
    List<float[]> inputs = inputs(ranks);
    float[] tree = treeSum(inputs);
    float[] expected = reduction == Reduction.EXACT ? tree : ringSum(inputs);
    List<float[]> results =
        ThreadRanks.run(
            ranks,
            rank -> {
              try (ProcessGroup group = join(rank, reduction);
                  Numbers numbers = numbers(rank, inputs.get(rank.index()))) {
                group.reduceScatter(numbers.memory());
                Slice slice = group.slice(ELEMENTS);
                float[] own = part(numbers.toArray(), slice);
                if (promisesOrder(reduction)) {
                  assertThat(own)
                      .as("slice of rank %d", rank.index())
                      .isEqualTo(part(expected, slice));
                } else {
                  assertThat(own).containsExactly(part(tree, slice), within(1e-5f));
                }
                group.allGather(numbers.memory());
                return numbers.toArray();
              }
            });
    for (float[] result : results) {
      assertThat(result).isEqualTo(results.get(0));
      if (promisesOrder(reduction)) {
        assertThat(result).isEqualTo(expected);
      }
    }
  }

  private static Offset<Float> within(float tolerance) {
    return Offset.offset(tolerance);
  }

  private static float[] part(float[] values, Slice slice) {
    return Arrays.copyOfRange(values, (int) slice.first(), (int) slice.end());
  }

  /** As a backward pass gives them: from the end to the start, of unequal lengths. */
  private static List<Slice> ranges(long elements, long seed) {
    Random random = new Random(seed);
    List<Slice> ranges = new ArrayList<>();
    long end = elements;
    while (end > 0) {
      long length = Math.min(end, 1 + random.nextInt((int) elements / 3));
      ranges.add(new Slice(end - length, length));
      end -= length;
    }
    return ranges;
  }

  @ParameterizedTest(name = "{0} ranks, {1}")
  @MethodSource("widthsAndReductions")
  void rangesGiveTheBitsOfTheWhole(int ranks, Reduction reduction) throws Exception {
    List<float[]> inputs = inputs(ranks);
    for (long seed = 0; seed < 3; seed++) {
      List<Slice> ranges = ranges(ELEMENTS, seed);
      ThreadRanks.run(
          ranks,
          rank -> {
            try (ProcessGroup group = join(rank, reduction);
                Numbers whole = numbers(rank, inputs.get(rank.index()));
                Numbers pieces = numbers(rank, inputs.get(rank.index()))) {
              group.reduceScatter(whole.memory());
              for (Slice range : ranges) {
                group.reduceScatter(pieces.memory(), range);
              }
              Slice slice = group.slice(ELEMENTS);
              if (promisesOrder(reduction)) {
                assertThat(part(pieces.toArray(), slice))
                    .as("rank %d, ranges %s", rank.index(), ranges)
                    .isEqualTo(part(whole.toArray(), slice));
              } else {
                assertThat(part(pieces.toArray(), slice))
                    .containsExactly(part(whole.toArray(), slice), within(1e-5f));
              }
            }
            return null;
          });
    }
  }

  @ParameterizedTest(name = "{0} ranks, {1}")
  @MethodSource("widthsAndReductions")
  void smallSumsAndBroadcastsReachEveryRank(int ranks, Reduction reduction) throws Exception {
    float[] sent = gaussian(1000, 5);
    List<double[]> sums =
        ThreadRanks.run(
            ranks,
            rank -> {
              double[] values = {rank.index() + 1, 0.1 * rank.index(), -1};
              try (ProcessGroup group = join(rank, reduction);
                  Numbers numbers = numbers(rank, rank.first() ? sent : new float[1000])) {
                group.allReduce(values);
                group.broadcast(numbers.memory());
                group.barrier();
                assertThat(numbers.toArray()).isEqualTo(sent);
              }
              return values;
            });
    for (double[] sum : sums) {
      assertThat(sum).isEqualTo(sums.get(0));
      assertThat(sum[0]).isEqualTo(ranks * (ranks + 1) / 2.0);
      assertThat(sum[2]).isEqualTo(-ranks);
    }
  }
}
