package org.instella.ensemble;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.instella.model.checkpoint.Bfloat16;
import org.instella.model.checkpoint.Dtype;
import org.instella.model.checkpoint.Float16;

/**
 * Reads stored numbers as float64 and says in the same pass whether all are finite: adding one to
 * an exponent field carries into the bit above it exactly when the field is all ones.
 */
final class FiniteDecoder {
  private final int[] ints;
  private final short[] shorts;
  private final long[] longs;

  FiniteDecoder(int block) {
    ints = new int[block];
    shorts = new short[block];
    longs = new long[block];
  }

  /** True when all numbers are finite; {@code target} is filled either way. */
  boolean decode(Dtype dtype, ByteBuffer source, int byteOffset, double[] target, int count) {
    ByteBuffer bytes =
        source.slice(byteOffset, count * dtype.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    return switch (dtype) {
      case F32 -> {
        bytes.asIntBuffer().get(ints, 0, count);
        yield float32(ints, target, count);
      }
      case BF16 -> {
        bytes.asShortBuffer().get(shorts, 0, count);
        yield bfloat16(shorts, target, count);
      }
      case F16 -> {
        bytes.asShortBuffer().get(shorts, 0, count);
        yield float16(shorts, target, count);
      }
      case F64 -> {
        bytes.asLongBuffer().get(longs, 0, count);
        yield float64(longs, target, count);
      }
      default -> throw new IllegalArgumentException(dtype + " holds no weights");
    };
  }

  private static boolean float32(int[] bits, double[] target, int count) {
    int carry = 0;
    for (int i = 0; i < count; i++) {
      int value = bits[i];
      carry |= (value & 0x7f80_0000) + 0x0080_0000;
      target[i] = Float.intBitsToFloat(value);
    }
    return carry >= 0;
  }

  private static boolean bfloat16(short[] bits, double[] target, int count) {
    int carry = 0;
    for (int i = 0; i < count; i++) {
      carry |= (bits[i] & 0x7f80) + 0x80;
      target[i] = Bfloat16.toFloat(bits[i]);
    }
    return (carry & 0x8000) == 0;
  }

  private static boolean float16(short[] bits, double[] target, int count) {
    int carry = 0;
    for (int i = 0; i < count; i++) {
      carry |= (bits[i] & 0x7c00) + 0x400;
      target[i] = Float16.toFloat(bits[i]);
    }
    return (carry & 0x8000) == 0;
  }

  private static boolean float64(long[] bits, double[] target, int count) {
    long carry = 0;
    for (int i = 0; i < count; i++) {
      carry |= (bits[i] & 0x7ff0_0000_0000_0000L) + 0x0010_0000_0000_0000L;
      target[i] = Double.longBitsToDouble(bits[i]);
    }
    return carry >= 0;
  }
}
