package org.instella.train.parallel;

import java.time.Duration;
import java.util.stream.IntStream;

class TcpContractTest extends ProcessGroupContract {
  private static final TcpOptions QUICK =
      new TcpOptions(Duration.ofSeconds(30), Duration.ofSeconds(20), Duration.ofSeconds(60));

  @Override
  IntStream widths() {
    return IntStream.of(1, 2, 4, 8);
  }

  @Override
  ProcessGroup join(Rank rank, Reduction reduction) {
    return ProcessGroup.join(rank, QUICK, reduction);
  }

  @Override
  Numbers numbers(Rank rank, float[] values) {
    DirectMemory memory = DirectMemory.of(values);
    return new Numbers() {
      @Override
      public FloatMemory memory() {
        return memory;
      }

      @Override
      public float[] toArray() {
        return memory.toArray();
      }

      @Override
      public void close() {}
    };
  }
}
