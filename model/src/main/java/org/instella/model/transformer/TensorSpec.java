package org.instella.model.transformer;

import java.util.List;

/**
 * Where one named tensor lives in the flat buffer of its model.
 *
 * @param name Hugging Face name, for example {@code model.layers.0.self_attn.q_proj.weight}
 * @param shape as stored in safetensors: (out, in) for matrices, one entry for norms
 * @param offset first element of the tensor in the flat buffer, counted in elements
 */
public record TensorSpec(String name, List<Long> shape, long offset) {
  public TensorSpec {
    shape = List.copyOf(shape);
  }

  /** Number of elements. */
  public long elements() {
    return shape.stream().mapToLong(Long::longValue).reduce(1, Math::multiplyExact);
  }

  /** First element after the tensor, counted in elements of the flat buffer. */
  public long end() {
    return offset + elements();
  }
}
