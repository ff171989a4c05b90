package org.instella.train;

import java.nio.ByteBuffer;
import java.util.Optional;
import org.instella.model.torch.FlatBuffer;
import org.instella.train.parallel.FloatMemory;

/** A flat buffer of tensors as collectives and checkpoints see it. */
record FlatMemory(FlatBuffer buffer) implements FloatMemory {
  @Override
  public long elements() {
    return buffer.length();
  }

  @Override
  public Optional<FlatBuffer> tensor() {
    return Optional.of(buffer);
  }

  @Override
  public ByteBuffer window(long first, int count) {
    return buffer.bytes(first, first + count);
  }
}
