package org.instella.train.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Vectors made with numpy 2.4.6: recipes of the published stages, seeds of stage 2. */
class NumpyShuffleTest {

  @ParameterizedTest(name = "seed {0}")
  @CsvSource({
    "5796, 485e31a765a5290c 7f55992a4d8c1b29 bbeb7912e6785c71 54c12a5e052a26ef, 49fa74db5a92d359",
    "6198, fcf025ccfec5e26d 9fb9ff8217c6dcc0 5fdf3ab3de1d6545 05a36a18b2db2f6d, b4539f5cff6dcdf5",
    "8915, b25149b6dcc8e2a3 cd1ab7c31b79e473 bc8595a2400afac1 005314ca24aee754, e6217a1cceb1c5e0",
  })
  void seedsTheGeneratorAsNumpyDoes(long seed, String words, String firstOutput) {
    assertThat(LongStream.of(new SeedSequence(seed).generate(4)).mapToObj("%016x"::formatted))
        .containsExactly(words.split(" "));
    assertThat("%016x".formatted(new Pcg64(seed).nextLong())).isEqualTo(firstOutput);
  }

  @ParameterizedTest(name = "seed {0}, {1} samples")
  @CsvSource({
    "5796, 16, 15 13 10 4 3 8 7 0",
    "6198, 16, 4 14 6 15 3 2 13 0",
    "8915, 16, 10 14 15 2 9 7 6 4",
    "5796, 100003, 51214 33851 11931 46446 99222 93950 61924 47446",
    "6198, 100003, 27125 8068 8648 62718 32625 99822 96240 52874",
    "8915, 100003, 36386 67050 93493 87903 60861 57614 70803 90339",
  })
  void drawsThePublishedOrder(long seed, int samples, String first) {
    DataOrder order = DataOrder.Kind.NUMPY.over(samples, seed);
    assertThat(LongStream.range(0, 8).map(i -> order.sample(0, i)).mapToObj(Long::toString))
        .containsExactly(first.split(" "));
  }

  @Test
  void theNextEpochIsShuffledWithTheNextSeed() {
    DataOrder order = DataOrder.Kind.NUMPY.over(16, 5795);
    assertThat(LongStream.range(0, 8).map(i -> order.sample(1, i)))
        .containsExactly(15L, 13L, 10L, 4L, 3L, 8L, 7L, 0L);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void theMappedIndexHoldsTheSameOrderAsTheHeap(long seed) {
    int samples = 1 + (int) (seed * 37 % 3000);
    PermutationIndex heap = PermutationIndex.allocate(samples);
    PermutationIndex mapped = PermutationIndex.allocate(samples, 0);
    NumpyShuffle.fill(heap, seed);
    NumpyShuffle.fill(mapped, seed);
    for (int i = 0; i < samples; i++) {
      assertThat(mapped.at(i)).as("position %d", i).isEqualTo(heap.at(i));
    }
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void everyOrderDrawsEachSampleOnce(long seed) {
    int samples = 1 + (int) (seed * seed % 5000);
    for (DataOrder.Kind kind : DataOrder.Kind.values()) {
      DataOrder order = kind.over(samples, seed);
      long[] drawn = LongStream.range(0, samples).map(i -> order.sample(3, i)).sorted().toArray();
      assertThat(drawn)
          .as("%s over %d samples", kind, samples)
          .containsExactly(LongStream.range(0, samples).toArray());
    }
  }

  @Test
  void feistelEpochsAndSeedsDiffer() {
    DataOrder order = DataOrder.Kind.FEISTEL.over(1L << 40, 6198);
    DataOrder other = DataOrder.Kind.FEISTEL.over(1L << 40, 5796);
    assertThat(order.sample(0, 12345)).isNotEqualTo(order.sample(1, 12345));
    assertThat(order.sample(0, 12345)).isNotEqualTo(other.sample(0, 12345));
    assertThat(order.sample(7, 99)).isEqualTo(order.sample(7, 99));
  }

  static LongStream seeds() {
    return LongStream.range(0, 50);
  }
}
