package org.instella.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.stream.LongStream;
import org.instella.conf.error.DataException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DtypeTest {

  static LongStream seeds() {
    return LongStream.range(0, 20);
  }

  @Test
  void everyBfloat16SurvivesFloat32() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      short stored = (short) bits;
      float value = Bfloat16.toFloat(stored);
      if (Float.isNaN(value)) {
        assertThat(Bfloat16.toFloat(Bfloat16.of(value))).isNaN();
      } else {
        assertThat(Bfloat16.of(value)).isEqualTo(stored);
      }
    }
  }

  @Test
  void everyFloat16SurvivesFloat32() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      short stored = (short) bits;
      float value = Float16.toFloat(stored);
      if (Float.isNaN(value)) {
        assertThat(Float16.toFloat(Float16.of(value))).isNaN();
      } else {
        assertThat(Float16.of(value)).isEqualTo(stored);
      }
    }
  }

  @Test
  void float16HasTheValuesOfTheStandard() {
    assertThat(Float16.toFloat((short) 0x0001)).isEqualTo(0x1p-24f);
    assertThat(Float16.toFloat((short) 0x03ff)).isEqualTo(1023 * 0x1p-24f);
    assertThat(Float16.toFloat((short) 0x3c01)).isEqualTo(1 + 0x1p-10f);
    assertThat(Float16.toFloat((short) 0xfbff)).isEqualTo(-65504f);
    assertThat(Float16.toFloat((short) 0xfc00)).isEqualTo(Float.NEGATIVE_INFINITY);
    assertThat(Float16.of(65519.99f)).isEqualTo((short) 0x7bff);
    assertThat(Float16.of(65520f)).as("a tie goes to the even infinity").isEqualTo((short) 0x7c00);
    assertThat(Float16.of(0x1p-25f)).as("a tie goes to the even zero").isEqualTo((short) 0);
    assertThat(Float16.of(-0x1.000002p-25f)).isEqualTo((short) 0x8001);
  }

  @Test
  void bfloat16RoundsTiesToEvenAndKeepsNan() {
    assertThat(Bfloat16.of(1 + 0x1p-8f)).isEqualTo((short) 0x3f80);
    assertThat(Bfloat16.of(1 + 3 * 0x1p-8f)).isEqualTo((short) 0x3f82);
    assertThat(Bfloat16.of(Float.MAX_VALUE)).isEqualTo((short) 0x7f80);
    assertThat(Bfloat16.of(Float.intBitsToFloat(0x7f800001))).isEqualTo((short) 0x7fc0);
    assertThat(Bfloat16.of(Float.intBitsToFloat(0xff800001))).isEqualTo((short) 0xffc0);
  }

  @Test
  void float64IsRoundedOnceNotByWayOfFloat32() {
    // Just above the tie between 1 and 1 + 2^-7: float32 would fall on the tie and then to 1.
    double aboveTie = 1 + 0x1p-8 + 0x1p-40;
    assertThat(Bfloat16.of(aboveTie)).isEqualTo((short) 0x3f81);
    assertThat(Bfloat16.of((float) aboveTie)).isEqualTo((short) 0x3f80);
    assertThat(Float16.of(1 + 0x1p-11 + 0x1p-40)).isEqualTo((short) 0x3c01);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void roundingGivesTheNearestNeighbour(long seed) {
    Random random = new Random(seed);
    for (int i = 0; i < 2000; i++) {
      double value = (random.nextDouble() - 0.5) * Math.pow(2, random.nextInt(55) - 40);
      if (i % 3 == 0) { // on or beside a tie, where a wrong rule shows
        double tie = Bfloat16.toFloat((short) (0x3000 + random.nextInt(0x1000)));
        value = tie + Math.ulp((float) tie) * 0x8000 + (random.nextInt(3) - 1) * Math.ulp(tie);
      }
      assertNearest(value, Bfloat16.of(value), Bfloat16::toFloat);
      assertNearest(value, Float16.of(value), Float16::toFloat);
      assertNearest((float) value, Bfloat16.of((float) value), Bfloat16::toFloat);
      assertNearest((float) value, Float16.of((float) value), Float16::toFloat);
    }
  }

  private interface Decoder {
    float toFloat(short bits);
  }

  private static void assertNearest(double value, short chosen, Decoder decoder) {
    BigDecimal exact = new BigDecimal(value);
    BigDecimal error = new BigDecimal(decoder.toFloat(chosen)).subtract(exact).abs();
    for (int step = -1; step <= 1; step += 2) {
      float neighbour = decoder.toFloat((short) (chosen + step));
      if (Float.isFinite(neighbour) && Math.signum(neighbour) * Math.signum(value) >= 0) {
        int order = error.compareTo(new BigDecimal(neighbour).subtract(exact).abs());
        assertThat(order).as("%s is nearer to %s", value, neighbour).isLessThanOrEqualTo(0);
        if (order == 0) {
          assertThat(chosen & 1).as("%s is a tie", value).isZero();
        }
      }
    }
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void bulkConversionEqualsOneByOne(long seed) {
    Random random = new Random(seed);
    int count = 1 + random.nextInt(10_000);
    double[] values = random.doubles(count, -2, 2).toArray();
    for (Dtype dtype : new Dtype[] {Dtype.F32, Dtype.F16, Dtype.BF16, Dtype.F64}) {
      ByteBuffer bytes = ByteBuffer.allocate(count * dtype.bytes());
      dtype.encode(values, 0, count, bytes);
      assertThat(bytes.remaining()).isZero();
      double[] doubles = new double[count];
      float[] floats = new float[count];
      dtype.decode(bytes.flip(), doubles, 0, count);
      dtype.decode(bytes.flip(), floats, 0, count);
      for (int i = 0; i < count; i++) {
        double expected =
            switch (dtype) {
              case F64 -> values[i];
              case F32 -> (float) values[i];
              case F16 -> Float16.toFloat(Float16.of(values[i]));
              default -> Bfloat16.toFloat(Bfloat16.of(values[i]));
            };
        assertThat(doubles[i]).isEqualTo(expected);
        assertThat(floats[i]).isEqualTo((float) expected);
      }
    }
  }

  @Test
  void integersAreNotWeights() {
    assertThatThrownBy(() -> Dtype.I8.decode(ByteBuffer.allocate(8), new float[8], 0, 8))
        .isInstanceOf(DataException.class)
        .hasMessage("Numbers of type I8 cannot be weights; allowed are F32, BF16, F16 and F64");
  }
}
