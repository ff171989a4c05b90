package org.instella.train.parallel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.error.EnvironmentException;
import org.instella.model.torch.TorchDevice;
import org.instella.train.parallel.TcpOptions.Transport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What can be said of NCCL where there is none. */
class NcclBindingTest {
  private static TcpOptions options(Transport transport, Optional<String> library) {
    Duration second = Duration.ofSeconds(1);
    return new TcpOptions(second, second, second, transport, library, PortRange.ANY);
  }

  @Test
  void aMissingLibraryIsNamedWithWhatToDo() {
    assertThatThrownBy(() -> Nccl.open(Optional.of("libnccl-of-nobody.so.9")))
        .isInstanceOf(EnvironmentException.class)
        .hasMessageContaining("libnccl-of-nobody.so.9")
        .hasMessageContaining("train.group.nccl-library")
        .hasMessageContaining("train.group.transport = tcp");
  }

  @Test
  void aMissingCardIsNamedBeforeAnyLibraryIsSought() {
    assertThatThrownBy(
            () ->
                NcclProcessGroup.join(
                    Rank.alone(),
                    options(Transport.AUTO, Optional.empty()),
                    Reduction.EXACT,
                    TorchDevice.gpu(90)))
        .isInstanceOf(EnvironmentException.class)
        .hasMessageContaining("Device gpu:90 was asked for")
        .hasMessageContaining("GPU(s) here");
  }

  @Test
  void ncclBetweenCpusIsRefused() {
    assertThatThrownBy(
            () ->
                ProcessGroup.join(
                    Rank.alone(),
                    options(Transport.NCCL, Optional.empty()),
                    Reduction.EXACT,
                    TorchDevice.cpu(1)))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("train.group.transport = nccl, but the device is cpu");
  }

  @Test
  void anIdGoesToTheOtherRanksAsTextAndBack() {
    Nccl.UniqueId id = new Nccl.UniqueId();
    new Random(3).nextBytes(id.internal);
    Nccl.UniqueId.ByValue back = Nccl.UniqueId.ofHex(id.hex());
    assertThat(back.internal).isEqualTo(id.internal);
    assertThat(back.size()).isEqualTo(128);
  }

  @ParameterizedTest(name = "{0} ranks")
  @ValueSource(ints = {1, 2, 4, 8, 16})
  void ranksStandInNcclInTheOrderOfTheirSlices(int ranks) {
    long elements = 1 << 20;
    long[] firsts = new long[ranks];
    for (int rank = 0; rank < ranks; rank++) {
      firsts[NcclProcessGroup.place(rank, ranks)] = Slice.of(elements, rank, ranks).first();
    }
    assertThat(firsts).isSorted();
    assertThat(Arrays.stream(firsts).distinct()).hasSize(ranks);
  }
}
