package org.instella.train.parallel;

import java.nio.ByteBuffer;
import java.util.Optional;
import org.instella.model.torch.FlatBuffer;

/**
 * Many float32 numbers in native memory that collectives and checkpoints read and write in place:
 * the parameters, a gradient, the moments of the optimiser.
 */
public interface FloatMemory {

  /** Number of floats. */
  long elements();

  /**
   * A window on the memory itself, not a copy; native byte order, positioned at 0. Valid while the
   * owner is open.
   *
   * @param first index of the first float
   * @param count number of floats, at most 2^28
   */
  ByteBuffer window(long first, int count);

  /** The tensor whose memory this is, if it is one; on a card there are no windows. */
  default Optional<FlatBuffer> tensor() {
    return Optional.empty();
  }
}
