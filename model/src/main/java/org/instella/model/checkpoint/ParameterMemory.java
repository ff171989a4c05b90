package org.instella.model.checkpoint;

import java.nio.ByteBuffer;
import org.instella.model.transformer.TensorSpec;

/**
 * The float32 memory of a model's parameters, wherever it is: weights are read straight into it and
 * written straight from it. The flat buffer of a model implements this; files know nothing of its
 * owner.
 */
@FunctionalInterface
public interface ParameterMemory {
  /**
   * A window on the memory of one tensor, from element {@code first} on. It may end before {@code
   * elements} elements where the owner's own windows end, but holds at least one.
   *
   * @param tensor name, shape and place in the flat buffer
   * @param first first element, counted from the beginning of the tensor
   * @param elements how many are wanted at most
   * @return native-endian float32 memory between position and limit, owned by the implementor
   */
  ByteBuffer window(TensorSpec tensor, long first, int elements);
}
