package org.instella.tokenize.document;

import java.io.Serializable;
import java.util.List;

/**
 * What one shard is made of: slices of input, read one after the other.
 *
 * @param index place among the units, from 0; the shard's number
 */
public record WorkUnit(int index, List<InputSlice> slices) implements Serializable {
  public WorkUnit {
    slices = List.copyOf(slices);
  }

  /** {@code part-00017}: the shard's name without its ending. */
  public String name() {
    return "part-%05d".formatted(index);
  }

  /** Stored bytes of its input. */
  public long bytes() {
    return slices.stream().mapToLong(InputSlice::bytes).sum();
  }
}
