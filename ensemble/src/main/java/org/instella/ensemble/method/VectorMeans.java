package org.instella.ensemble.method;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;
import org.instella.model.checkpoint.Bfloat16;
import org.instella.model.checkpoint.Dtype;
import org.instella.model.checkpoint.Float16;

/**
 * Means with vector instructions; the only class that needs the module jdk.incubator.vector. The
 * compiler of Java 17 finds none for conversions between float32 and float64 by itself.
 *
 * <p>Loops are written out per type: a vector that leaves its method through an interface becomes
 * an object.
 */
final class VectorMeans {
  private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;
  private static final VectorSpecies<Double> DOUBLES = DoubleVector.SPECIES_PREFERRED;
  private static final int LANES = DOUBLES.length();
  private static final boolean WIDE = DOUBLES.vectorBitSize() >= 256;
  private static final VectorSpecies<Float> FLOATS =
      VectorSpecies.of(float.class, part(2)); // as many lanes as doubles
  private static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, part(2));
  private static final VectorSpecies<Short> SHORTS = VectorSpecies.of(short.class, part(4));

  /** Below it float32 is subnormal, and what is rounded to it on the way may be rounded twice. */
  private static final double TINY = 0x1p-126;

  private static final long BELOW_FLOAT = (1L << 29) - 1; // bits of a float64 that float32 lacks

  private VectorMeans() {}

  private static VectorShape part(int share) {
    return VectorShape.forBitSize(Math.max(64, DOUBLES.vectorBitSize() / share));
  }

  static Optional<MeanKernel> of(Dtype dtype) {
    if (!WIDE) {
      return Optional.empty();
    }
    return switch (dtype) {
      case F32 -> Optional.of(VectorMeans::float32);
      case BF16 -> Optional.of(VectorMeans::bfloat16);
      case F16 -> Optional.of(VectorMeans::float16);
      default -> Optional.empty();
    };
  }

  private static boolean float32(
      ByteBuffer[] models, double[] weights, double divisor, int count, ByteBuffer merged) {
    ByteBuffer[] from = views(models);
    ByteBuffer to = merged.slice().order(LE);
    FloatVector wrong = FloatVector.zero(FLOATS);
    int whole = count - count % LANES;
    for (int i = 0; i < whole; i += LANES) {
      DoubleVector sum = float32(from[0], i).mul(weights[0]);
      for (int m = 1; m < from.length; m++) {
        sum = sum.add(float32(from[m], i).mul(weights[m]));
      }
      FloatVector mean = toFloats(sum.div(divisor));
      mean.intoByteBuffer(to, i * Float.BYTES, LE);
      wrong = wrong.add(mean.sub(mean)); // 0, or NaN for what is not finite
    }
    boolean finite = wrong.reduceLanes(VectorOperators.ADD) == 0;
    for (int i = whole; i < count; i++) {
      double sum = weights[0] * from[0].getFloat(i * Float.BYTES);
      for (int m = 1; m < from.length; m++) {
        sum += weights[m] * from[m].getFloat(i * Float.BYTES);
      }
      float mean = (float) (sum / divisor);
      to.putFloat(i * Float.BYTES, mean);
      finite &= Float.isFinite(mean);
    }
    return finite;
  }

  private static boolean bfloat16(
      ByteBuffer[] models, double[] weights, double divisor, int count, ByteBuffer merged) {
    ByteBuffer[] from = views(models);
    ByteBuffer to = merged.slice().order(LE);
    DoubleVector wrong = DoubleVector.zero(DOUBLES);
    int whole = count - count % LANES;
    for (int i = 0; i < whole; i += LANES) {
      DoubleVector sum = bfloat16(from[0], i).mul(weights[0]);
      for (int m = 1; m < from.length; m++) {
        sum = sum.add(bfloat16(from[m], i).mul(weights[m]));
      }
      DoubleVector mean = sum.div(divisor);
      wrong = wrong.add(doubts(mean));
      IntVector bits = toOddFloats(mean).reinterpretAsInts();
      IntVector even = bits.lanewise(VectorOperators.LSHR, 16).and(1);
      IntVector rounded = bits.add(even).add(0x7fff).lanewise(VectorOperators.LSHR, 16);
      toShorts(rounded).intoByteBuffer(to, i * Short.BYTES, LE);
    }
    boolean sure = wrong.reduceLanes(VectorOperators.ADD) == 0;
    for (int i = whole; i < count; i++) {
      double sum = weights[0] * Bfloat16.toFloat(from[0].getShort(i * Short.BYTES));
      for (int m = 1; m < from.length; m++) {
        sum += weights[m] * Bfloat16.toFloat(from[m].getShort(i * Short.BYTES));
      }
      to.putShort(i * Short.BYTES, Bfloat16.of(sum / divisor));
      sure &= Double.isFinite(sum / divisor);
    }
    return sure;
  }

  private static boolean float16(
      ByteBuffer[] models, double[] weights, double divisor, int count, ByteBuffer merged) {
    ByteBuffer[] from = views(models);
    ByteBuffer to = merged.slice().order(LE);
    DoubleVector wrong = DoubleVector.zero(DOUBLES);
    int whole = count - count % LANES;
    for (int i = 0; i < whole; i += LANES) {
      DoubleVector sum = float16(from[0], i).mul(weights[0]);
      for (int m = 1; m < from.length; m++) {
        sum = sum.add(float16(from[m], i).mul(weights[m]));
      }
      DoubleVector mean = sum.div(divisor);
      wrong = wrong.add(doubts(mean));
      toShorts(halves(toOddFloats(mean).reinterpretAsInts()))
          .intoByteBuffer(to, i * Short.BYTES, LE);
    }
    boolean sure = wrong.reduceLanes(VectorOperators.ADD) == 0;
    for (int i = whole; i < count; i++) {
      double sum = weights[0] * Float16.toFloat(from[0].getShort(i * Short.BYTES));
      for (int m = 1; m < from.length; m++) {
        sum += weights[m] * Float16.toFloat(from[m].getShort(i * Short.BYTES));
      }
      to.putShort(i * Short.BYTES, Float16.of(sum / divisor));
      sure &= Double.isFinite(sum / divisor);
    }
    return sure;
  }

  private static ByteBuffer[] views(ByteBuffer[] buffers) {
    ByteBuffer[] views = new ByteBuffer[buffers.length];
    for (int m = 0; m < buffers.length; m++) {
      views[m] = buffers[m].slice().order(LE);
    }
    return views;
  }

  private static DoubleVector float32(ByteBuffer bytes, int first) {
    return toDoubles(FloatVector.fromByteBuffer(FLOATS, bytes, first * Float.BYTES, LE));
  }

  private static DoubleVector bfloat16(ByteBuffer bytes, int first) {
    IntVector bits = ints(bytes, first).lanewise(VectorOperators.LSHL, 16);
    return toDoubles(bits.reinterpretAsFloats());
  }

  /** As {@link Float16#toFloat}; all of an exponent field set becomes NaN. */
  private static DoubleVector float16(ByteBuffer bytes, int first) {
    IntVector bits = ints(bytes, first);
    IntVector magnitude = bits.and(0x7fff);
    FloatVector value =
        magnitude.lanewise(VectorOperators.LSHL, 13).reinterpretAsFloats().mul(0x1p112f);
    VectorMask<Integer> special = magnitude.compare(VectorOperators.GE, 0x7c00);
    IntVector finite = value.reinterpretAsInts().blend(0x7fc0_0000, special);
    IntVector sign = bits.and(0x8000).lanewise(VectorOperators.LSHL, 16);
    return toDoubles(finite.or(sign).reinterpretAsFloats());
  }

  /** As {@link Float16#of(float)} for numbers; in the lower half of each lane. */
  private static IntVector halves(IntVector bits) {
    IntVector sign = bits.lanewise(VectorOperators.LSHR, 16).and(0x8000);
    IntVector magnitude = bits.and(0x7fff_ffff);
    IntVector even = magnitude.lanewise(VectorOperators.LSHR, 13).and(1);
    IntVector normal =
        magnitude.add(even).add(0xfff).lanewise(VectorOperators.LSHR, 13).sub(112 << 10);
    IntVector subnormal = magnitude.reinterpretAsFloats().add(0.5f).reinterpretAsInts();
    VectorMask<Integer> small = magnitude.compare(VectorOperators.LT, 0x3880_0000);
    VectorMask<Integer> large = magnitude.compare(VectorOperators.GE, 0x4780_0000);
    return normal.blend(subnormal.sub(0x3f00_0000), small).blend(0x7c00, large).or(sign);
  }

  /** NaN where a number is not finite or so small that the odd float32 of it is not exact. */
  private static DoubleVector doubts(DoubleVector mean) {
    VectorMask<Double> tiny =
        mean.abs().compare(VectorOperators.LT, TINY).andNot(mean.compare(VectorOperators.EQ, 0));
    return mean.sub(mean).blend(Double.NaN, tiny);
  }

  /** Rounded to odd: what is cut off leaves its trace in the last bit, see RoundToOdd. */
  private static FloatVector toOddFloats(DoubleVector values) {
    LongVector bits = values.reinterpretAsLongs();
    LongVector trace = bits.and(BELOW_FLOAT).add(BELOW_FLOAT).and(BELOW_FLOAT + 1);
    return toFloats(bits.and(~BELOW_FLOAT).or(trace).reinterpretAsDoubles());
  }

  private static IntVector ints(ByteBuffer bytes, int first) {
    return (IntVector)
        ShortVector.fromByteBuffer(SHORTS, bytes, first * Short.BYTES, LE)
            .convertShape(VectorOperators.S2I, INTS, 0);
  }

  private static ShortVector toShorts(IntVector values) {
    return (ShortVector) values.convertShape(VectorOperators.I2S, SHORTS, 0);
  }

  private static DoubleVector toDoubles(FloatVector values) {
    return (DoubleVector) values.convertShape(VectorOperators.F2D, DOUBLES, 0);
  }

  private static FloatVector toFloats(DoubleVector values) {
    return (FloatVector) values.convertShape(VectorOperators.D2F, FLOATS, 0);
  }
}
