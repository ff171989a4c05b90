package org.instella.train.parallel;

import java.util.stream.IntStream;
import org.instella.model.torch.TorchDevice;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;

/** NCCL with one rank on the first card: {@code mvn -B verify -Pgpu}. */
@Tag("gpu")
class NcclContractTest extends ProcessGroupContract {
  private static final TorchDevice CARD = TorchDevice.gpu(0);

  @BeforeAll
  static void thereIsACard() {
    FirstCard.orSkip();
  }

  @Override
  IntStream widths() {
    return IntStream.of(1);
  }

  @Override
  ProcessGroup join(Rank rank, Reduction reduction) {
    return NcclProcessGroup.join(rank, TcpOptions.DEFAULT, reduction, CARD);
  }

  @Override
  Numbers numbers(Rank rank, float[] values) {
    return TensorNumbers.of(CARD, values);
  }

  @Override
  boolean promisesOrder(Reduction reduction) {
    return reduction == Reduction.EXACT;
  }
}
