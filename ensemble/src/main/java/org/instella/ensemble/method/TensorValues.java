package org.instella.ensemble.method;

import java.util.List;
import java.util.function.Consumer;
import org.instella.model.checkpoint.Dtype;

/** One tensor across models, for methods that must see all of it before they can merge a block. */
public interface TensorValues {
  String name();

  List<Long> shape();

  /** Type in which the models store it. */
  Dtype dtype();

  int models();

  /** Passes over all elements in order; blocks and their arrays are valid only inside the call. */
  void forEachBlock(Consumer<Block> visitor);

  /** Number of elements. */
  default long elements() {
    return shape().stream().mapToLong(Long::longValue).reduce(1, Math::multiplyExact);
  }

  /** Length of the last axis; 1 for a single number. */
  default int rowLength() {
    return shape().isEmpty() ? 1 : Math.toIntExact(shape().get(shape().size() - 1));
  }
}
