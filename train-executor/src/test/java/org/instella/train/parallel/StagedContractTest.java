package org.instella.train.parallel;

import java.time.Duration;
import java.util.stream.IntStream;
import org.instella.model.torch.TorchDevice;

/** Tensors that take the way of a card's: only through copies. */
class StagedContractTest extends ProcessGroupContract {
  private static final TcpOptions QUICK =
      new TcpOptions(Duration.ofSeconds(30), Duration.ofSeconds(20), Duration.ofSeconds(60));

  @Override
  IntStream widths() {
    return IntStream.of(1, 2, 4);
  }

  @Override
  ProcessGroup join(Rank rank, Reduction reduction) {
    return new StagedGroup(ProcessGroup.join(rank, QUICK, reduction));
  }

  @Override
  Numbers numbers(Rank rank, float[] values) {
    return TensorNumbers.of(TorchDevice.cpu(1), values);
  }
}
