package org.instella.train.parallel;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.jna.Pointer;
import org.instella.conf.error.EnvironmentException;
import org.junit.jupiter.api.Test;

class NcclCommunicatorTest {
  /** NCCL has freed it, maybe on another thread: who names it once more reads what is gone. */
  @Test
  void anAbortedCommunicatorIsNeverTouchedAgain() {
    Nccl nccl = new Nccl(new StandInCards(), "stand-in");
    NcclCommunicator communicator =
        NcclCommunicator.join(
            nccl,
            nccl.newId(),
            1,
            0,
            since -> {},
            since -> {
              throw new EnvironmentException(ParallelError.PEER_LOST, "asked to");
            });
    communicator.abort();
    assertThatCode(communicator::requireSound).doesNotThrowAnyException();
    assertThatCode(() -> communicator.callInGroup("ncclReduce", NcclCommunicatorTest::touched))
        .doesNotThrowAnyException();
    assertThatThrownBy(() -> communicator.call("ncclAllGather", NcclCommunicatorTest::touched))
        .isInstanceOf(EnvironmentException.class)
        .hasMessage("asked to");
    assertThatCode(communicator::close).doesNotThrowAnyException();
  }

  private static int touched(Pointer communicator) {
    throw new AssertionError("touched");
  }
}
