package org.instella.train.parallel;

import java.time.Duration;
import java.util.stream.IntStream;
import org.instella.model.torch.TorchDevice;

/** The group of cards over cards that are none: its calls, their order and its sums. */
class StandInContractTest extends ProcessGroupContract {
  private static final TcpOptions OPTIONS =
      new TcpOptions(Duration.ofSeconds(30), Duration.ofSeconds(20), Duration.ofSeconds(60));

  private final StandInCards cards = new StandInCards();

  @Override
  IntStream widths() {
    return IntStream.of(1, 2, 4, 8);
  }

  @Override
  ProcessGroup join(Rank rank, Reduction reduction) {
    return NcclProcessGroup.join(
        rank, OPTIONS, reduction, TorchDevice.gpu(rank.index()), cards.nccl(), cards);
  }

  @Override
  Numbers numbers(Rank rank, float[] values) {
    return TensorNumbers.of(TorchDevice.cpu(1), values);
  }

  @Override
  boolean promisesOrder(Reduction reduction) {
    return reduction == Reduction.EXACT;
  }
}
