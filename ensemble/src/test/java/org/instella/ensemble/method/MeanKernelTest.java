package org.instella.ensemble.method;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.instella.model.checkpoint.Dtype;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The kernels against float64 arithmetic rounded once, bit for bit. */
class MeanKernelTest {
  private static final LinearMerge MEAN = LinearMerge.mean(3);
  private static final LinearMerge WEIGHTED = LinearMerge.weighted(List.of(0.6, 0.3, 0.1));

  static Stream<Arguments> kernels() {
    List<Arguments> all = new ArrayList<>();
    for (Dtype dtype : List.of(Dtype.F32, Dtype.BF16, Dtype.F16)) {
      all.add(Arguments.of(dtype, true));
    }
    all.add(Arguments.of(Dtype.F32, false));
    return all.stream();
  }

  @Test
  void vectorInstructionsAreTestedHere() {
    assertThat(VectorModule.PRESENT).isTrue();
    assertThat(MeanKernel.of(Dtype.BF16, false)).isEmpty();
    assertThat(MeanKernel.of(Dtype.F64, true)).isEmpty();
  }

  @ParameterizedTest(name = "{0}, vectors {1}")
  @MethodSource("kernels")
  void ordinaryWeightsGiveTheBitsOfFloat64RoundedOnce(Dtype dtype, boolean vectors) {
    Random random = new Random(5);
    for (int count : new int[] {1, 7, 8, 9, 8191, 30_003}) {
      ByteBuffer[] models = buffers(3, dtype, count);
      for (ByteBuffer model : models) {
        for (int i = 0; i < count; i++) {
          // a tenth are zero of either sign; magnitudes from 2^-30 on: subnormal in float16
          double scale = Math.scalb(1.0, -random.nextInt(31));
          double value = random.nextInt(10) == 0 ? 0 * -scale : random.nextGaussian() * scale;
          dtype.encode(new double[] {value}, 0, 1, model);
        }
        model.flip();
      }
      assertBits(MEAN, dtype, vectors, models, count, true);
      assertBits(WEIGHTED, dtype, vectors, models, count, true);
    }
  }

  @ParameterizedTest(name = "{0}, vectors {1}")
  @MethodSource("kernels")
  void halvesBetweenTwoNumbersGoToTheEvenOne(Dtype dtype, boolean vectors) {
    int count = 4096;
    ByteBuffer[] models = buffers(2, dtype, count);
    for (int i = 0; i < count; i++) { // neighbours: their mean is a tie
      int bits = one(dtype) + i;
      putBits(models[0], dtype, bits);
      putBits(models[1], dtype, bits + 1);
    }
    for (ByteBuffer model : models) {
      model.flip();
    }
    ByteBuffer merged = assertBits(LinearMerge.mean(2), dtype, vectors, models, count, true);
    for (int i = 0; i < count; i++) {
      assertThat(bits(merged, dtype, i)).isEqualTo((one(dtype) + i + 1) & ~1);
    }
  }

  /** Of 16 bits every pattern, of 32 bits random ones and those around every edge. */
  @ParameterizedTest(name = "{0}, vectors {1}")
  @MethodSource("kernels")
  void everyPatternGivesTheBitsOfFloat64OrIsLeftToTheCaller(Dtype dtype, boolean vectors) {
    Random random = new Random(6);
    int lanes = 16;
    int wrong = 0;
    for (int pattern = 0; pattern < 65_536 - lanes; pattern += lanes) {
      ByteBuffer[] models = buffers(3, dtype, lanes);
      boolean finite = true;
      for (int i = 0; i < lanes; i++) {
        int bits = dtype == Dtype.F32 ? edge(pattern + i, random) : pattern + i;
        for (ByteBuffer model : models) {
          putBits(model, dtype, model == models[0] ? bits : random.nextBoolean() ? bits : 0);
        }
      }
      double[] values = new double[lanes];
      for (ByteBuffer model : models) {
        dtype.decode(model.flip(), values, 0, lanes);
        model.flip();
        for (double value : values) {
          finite &= Double.isFinite(value);
        }
      }
      ByteBuffer merged = buffers(1, dtype, lanes)[0].limit(lanes * dtype.bytes());
      boolean sure =
          kernel(dtype, vectors).mean(models, MEAN.factors(), MEAN.divisor(), lanes, merged);
      if (sure) {
        assertThat(finite).as("pattern %x", pattern).isTrue();
        assertThat(merged)
            .as("pattern %x", pattern)
            .isEqualTo(expected(MEAN, dtype, models, lanes));
      } else if (finite) {
        wrong++; // numbers near the edges of the range; the caller's way is exact there
      }
    }
    // Subnormal bfloat16 are 1 in 256 patterns of either sign; sums beyond the largest likewise.
    assertThat(wrong).isLessThan(65_536 / lanes / 8);
  }

  @ParameterizedTest(name = "{0}, vectors {1}")
  @MethodSource("kernels")
  void anInfinityOrNanInAnyPlaceIsSeen(Dtype dtype, boolean vectors) {
    int count = 37;
    for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY, -1 / 0.0}) {
      for (int place = 0; place < 3 * count; place++) {
        ByteBuffer[] models = buffers(3, dtype, count);
        for (int m = 0; m < 3; m++) {
          for (int i = 0; i < count; i++) {
            dtype.encode(new double[] {m * count + i == place ? bad : i + 1}, 0, 1, models[m]);
          }
          models[m].flip();
        }
        ByteBuffer merged = buffers(1, dtype, count)[0];
        assertThat(kernel(dtype, vectors).mean(models, MEAN.factors(), 3, count, merged))
            .as("%s at %d", bad, place)
            .isFalse();
        LinearMerge last = LinearMerge.latest(3, 1); // a weight of 0 does not hide it
        assertThat(kernel(dtype, vectors).mean(models, last.factors(), 1, count, merged)).isFalse();
      }
    }
  }

  /** Against the division of the processor; every exponent, both signs, and what is not finite. */
  @Test
  void aThirdByProductsHasTheBitsOfADivision() {
    Random random = new Random(8);
    int count = 2048;
    double[] sums = new double[count];
    for (int round = 0; round < 2000; round++) {
      for (int i = 0; i < count; i++) {
        float a = Float.intBitsToFloat(edge(random.nextInt(), random));
        float b = Float.intBitsToFloat(edge(random.nextInt(), random));
        double sum = (double) a + b + (i % 2 == 0 ? a : -b);
        sums[i] = Double.isFinite(sum) ? sum : 0;
      }
      // Sums of every exponent; neighbours of multiples of three; zeros of both signs.
      for (int i = 0; i < 512; i++) {
        double scale = Math.scalb(1.0, i % 279 - 149);
        sums[i] = (i % 3 - 1 + 3.0 * random.nextInt(1 << 24)) * scale;
      }
      sums[0] = -0.0;
      double[] thirds = sums.clone();
      ScalarFloatMean.third(thirds, count);
      long[] expected =
          Arrays.stream(sums).mapToLong(x -> Double.doubleToRawLongBits(x / 3)).toArray();
      assertThat(Arrays.stream(thirds).mapToLong(Double::doubleToRawLongBits).toArray())
          .isEqualTo(expected);
    }
    double[] strange = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY};
    ScalarFloatMean.third(strange, 3);
    assertThat(strange).containsOnly(Double.NaN);
  }

  private static int edge(int number, Random random) {
    int exponent = number / 256 << 23; // every exponent and sign
    return switch (number & 7) {
      case 0 -> exponent;
      case 1 -> exponent + 1;
      case 2 -> exponent | 0x007f_ffff;
      default -> exponent | random.nextInt(1 << 23);
    };
  }

  private static int one(Dtype dtype) {
    return switch (dtype) {
      case F32 -> 0x3f80_0000;
      case BF16 -> 0x3f80;
      default -> 0x3c00;
    };
  }

  private static MeanKernel kernel(Dtype dtype, boolean vectors) {
    return MeanKernel.of(dtype, vectors).orElseThrow();
  }

  private static ByteBuffer[] buffers(int models, Dtype dtype, int count) {
    ByteBuffer[] buffers = new ByteBuffer[models];
    for (int m = 0; m < models; m++) {
      buffers[m] = ByteBuffer.allocateDirect(count * dtype.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    }
    return buffers;
  }

  private static void putBits(ByteBuffer buffer, Dtype dtype, int bits) {
    if (dtype == Dtype.F32) {
      buffer.putInt(bits);
    } else {
      buffer.putShort((short) bits);
    }
  }

  private static int bits(ByteBuffer buffer, Dtype dtype, int index) {
    return dtype == Dtype.F32 ? buffer.getInt(4 * index) : buffer.getShort(2 * index) & 0xffff;
  }

  private static ByteBuffer assertBits(
      LinearMerge merge,
      Dtype dtype,
      boolean vectors,
      ByteBuffer[] models,
      int count,
      boolean sure) {
    ByteBuffer merged = buffers(1, dtype, count)[0];
    assertThat(kernel(dtype, vectors).mean(models, merge.factors(), merge.divisor(), count, merged))
        .isEqualTo(sure);
    assertThat(merged).isEqualTo(expected(merge, dtype, models, count));
    return merged;
  }

  private static ByteBuffer expected(
      LinearMerge merge, Dtype dtype, ByteBuffer[] models, int count) {
    double[][] values = new double[models.length][count];
    for (int m = 0; m < models.length; m++) {
      dtype.decode(models[m].duplicate(), values[m], 0, count);
    }
    double[] result = new double[count];
    for (int i = 0; i < count; i++) {
      double sum = merge.factors()[0] * values[0][i];
      for (int m = 1; m < models.length; m++) {
        sum += merge.factors()[m] * values[m][i];
      }
      result[i] = sum / merge.divisor();
    }
    ByteBuffer expected = buffers(1, dtype, count)[0];
    dtype.encode(result, 0, count, expected);
    return expected.flip();
  }
}
