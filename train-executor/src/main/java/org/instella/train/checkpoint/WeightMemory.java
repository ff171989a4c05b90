package org.instella.train.checkpoint;

import java.nio.ByteBuffer;
import org.instella.model.checkpoint.ParameterMemory;
import org.instella.model.transformer.TensorSpec;
import org.instella.train.parallel.FloatMemory;

/** A flat buffer as model folders read and write it. */
public record WeightMemory(FloatMemory flat) implements ParameterMemory {
  @Override
  public ByteBuffer window(TensorSpec tensor, long first, int elements) {
    long count = Math.min(elements, tensor.elements() - first);
    return flat.window(tensor.offset() + first, (int) count);
  }
}
