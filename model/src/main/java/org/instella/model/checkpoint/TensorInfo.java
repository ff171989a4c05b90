package org.instella.model.checkpoint;

import java.io.Serializable;
import java.util.List;

/**
 * One tensor of a safetensors file.
 *
 * @param name Hugging Face name
 * @param shape sizes of the axes; empty for a single number
 * @param begin first byte, counted from the end of the header
 */
public record TensorInfo(String name, Dtype dtype, List<Long> shape, long begin)
    implements Serializable {
  public TensorInfo {
    shape = List.copyOf(shape);
  }

  /** A tensor whose place in a file is not yet known. */
  public static TensorInfo of(String name, Dtype dtype, List<Long> shape) {
    return new TensorInfo(name, dtype, shape, 0);
  }

  /** Number of elements: 1 for an empty shape, 0 where an axis is 0. */
  public long elements() {
    long product = 1;
    for (long size : shape) {
      product = Math.multiplyExact(product, size);
    }
    return product;
  }

  public long bytes() {
    return Math.multiplyExact(elements(), dtype.bytes());
  }

  /** First byte after the tensor, counted from the end of the header. */
  public long end() {
    return begin + bytes();
  }

  TensorInfo at(long newBegin) {
    return new TensorInfo(name, dtype, shape, newBegin);
  }
}
