package org.instella.model.checkpoint;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.util.Optional;
import org.instella.conf.error.DataException;

/**
 * Types of numbers in safetensors files. All are listed so that every file can be measured and
 * copied; the floating ones of 16, 32 and 64 bits can also be read as numbers. Their order is that
 * in which the reference writer puts tensors into a file.
 */
public enum Dtype {
  U64(8, "uint64"),
  I64(8, "int64"),
  F64(8, "float64"),
  C64(8, "complex64"),
  F32(4, "float32"),
  U32(4, "uint32"),
  I32(4, "int32"),
  BF16(2, "bfloat16"),
  F16(2, "float16"),
  U16(2, "uint16"),
  I16(2, "int16"),
  F8_E8M0(1, "float8_e8m0fnu"),
  F8_E4M3(1, "float8_e4m3fn"),
  F8_E5M2(1, "float8_e5m2"),
  I8(1, "int8"),
  U8(1, "uint8"),
  BOOL(1, "bool");

  private static final int BLOCK = 4096;

  private final int bytes;
  private final String torchName;

  Dtype(int bytes, String torchName) {
    this.bytes = bytes;
    this.torchName = torchName;
  }

  /** Bytes of one element. */
  public int bytes() {
    return bytes;
  }

  /** The name in {@code config.json}, for example {@code bfloat16}. */
  public String torchName() {
    return torchName;
  }

  /** True for the types that {@link #decode} and {@link #encode} know. */
  public boolean holdsWeights() {
    return this == F64 || this == F32 || this == F16 || this == BF16;
  }

  static Optional<Dtype> of(String name) {
    for (Dtype dtype : values()) {
      if (dtype.name().equals(name)) {
        return Optional.of(dtype);
      }
    }
    return Optional.empty();
  }

  /**
   * Reads {@code count} numbers from the position of {@code source} on and moves the position. From
   * 16 and 32 bits this is exact; float64 is rounded to nearest, ties to even.
   */
  public void decode(ByteBuffer source, float[] target, int offset, int count) {
    ByteBuffer view = take(source, count);
    switch (this) {
      case F32 -> view.asFloatBuffer().get(target, offset, count);
      case F64 -> {
        DoubleBuffer doubles = view.asDoubleBuffer();
        for (int i = 0; i < count; i++) {
          target[offset + i] = (float) doubles.get(i);
        }
      }
      case BF16, F16 -> {
        short[] block = new short[Math.min(BLOCK, count)];
        ShortBuffer shorts = view.asShortBuffer();
        for (int done = 0; done < count; done += block.length) {
          int length = Math.min(block.length, count - done);
          shorts.get(block, 0, length);
          if (this == BF16) {
            Bfloat16.decode(block, target, offset + done, length);
          } else {
            Float16.decode(block, target, offset + done, length);
          }
        }
      }
      default -> throw notWeights();
    }
  }

  /** As {@link #decode(ByteBuffer, float[], int, int)}, into float64: always exact. */
  public void decode(ByteBuffer source, double[] target, int offset, int count) {
    if (this == F64) {
      take(source, count).asDoubleBuffer().get(target, offset, count);
      return;
    }
    float[] block = new float[Math.min(BLOCK, count)];
    for (int done = 0; done < count; done += block.length) {
      int length = Math.min(block.length, count - done);
      decode(source, block, 0, length);
      for (int i = 0; i < length; i++) {
        target[offset + done + i] = block[i];
      }
    }
  }

  /**
   * Writes {@code count} numbers at the position of {@code target} and moves the position. Each is
   * rounded once, to nearest, ties to even; NaN stays NaN.
   */
  public void encode(float[] source, int offset, int count, ByteBuffer target) {
    ByteBuffer view = take(target, count);
    switch (this) {
      case F32 -> view.asFloatBuffer().put(source, offset, count);
      case F64 -> {
        DoubleBuffer doubles = view.asDoubleBuffer();
        for (int i = 0; i < count; i++) {
          doubles.put(source[offset + i]);
        }
      }
      case BF16, F16 -> {
        short[] block = new short[Math.min(BLOCK, count)];
        ShortBuffer shorts = view.asShortBuffer();
        for (int done = 0; done < count; done += block.length) {
          int length = Math.min(block.length, count - done);
          if (this == BF16) {
            Bfloat16.encode(source, offset + done, block, length);
          } else {
            Float16.encode(source, offset + done, block, length);
          }
          shorts.put(block, 0, length);
        }
      }
      default -> throw notWeights();
    }
  }

  /**
   * As {@link #encode(float[], int, int, ByteBuffer)}, from float64. Each number is rounded once:
   * 16-bit types are not rounded to float32 on the way, which could go the other way on a tie.
   */
  public void encode(double[] source, int offset, int count, ByteBuffer target) {
    switch (this) {
      case F64 -> take(target, count).asDoubleBuffer().put(source, offset, count);
      case F32 -> {
        FloatBuffer floats = take(target, count).asFloatBuffer();
        float[] block = new float[Math.min(BLOCK, count)];
        for (int done = 0; done < count; done += block.length) {
          int length = Math.min(block.length, count - done);
          for (int i = 0; i < length; i++) {
            block[i] = (float) source[offset + done + i];
          }
          floats.put(block, 0, length);
        }
      }
      case BF16 -> {
        ShortBuffer shorts = take(target, count).asShortBuffer();
        for (int i = 0; i < count; i++) {
          shorts.put(i, Bfloat16.of(source[offset + i]));
        }
      }
      case F16 -> {
        ShortBuffer shorts = take(target, count).asShortBuffer();
        for (int i = 0; i < count; i++) {
          shorts.put(i, Float16.of(source[offset + i]));
        }
      }
      default -> throw notWeights();
    }
  }

  /** The next {@code count} elements of a buffer, little-endian; moves the buffer's position. */
  private ByteBuffer take(ByteBuffer buffer, int count) {
    int length = Math.multiplyExact(count, bytes);
    ByteBuffer view = buffer.slice(buffer.position(), length).order(ByteOrder.LITTLE_ENDIAN);
    buffer.position(buffer.position() + length);
    return view;
  }

  private DataException notWeights() {
    return new DataException(
        ModelFileError.DTYPE_NOT_SUPPORTED,
        "Numbers of type %s cannot be weights; allowed are F32, BF16, F16 and F64".formatted(this));
  }
}
