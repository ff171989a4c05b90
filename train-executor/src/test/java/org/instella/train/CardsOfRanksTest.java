package org.instella.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.error.EnvironmentException;
import org.instella.conf.settings.Recipe;
import org.instella.conf.settings.Settings;
import org.instella.model.torch.TorchDevice;
import org.instella.train.parallel.Rank;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CardsOfRanksTest {
  @TempDir Path folder;

  @Test
  void aRankComputesOnTheCardThatTheSchedulerGaveIt() {
    assertThat(compute("gpu").torchDevice(rank(1, 2, OptionalInt.of(5))))
        .isEqualTo(new TorchDevice(TorchDevice.Kind.GPU, 5, 1));
  }

  @Test
  void theOnlyRankNeedsNoScheduler() {
    assertThat(compute("gpu").torchDevice(rank(0, 1, OptionalInt.empty())).index()).isZero();
    assertThat(compute("\"gpu:3\"").torchDevice(rank(0, 1, OptionalInt.empty())).index())
        .isEqualTo(3);
  }

  @Test
  void ranksNeverShareACardUnasked() {
    assertThatThrownBy(() -> compute("gpu").torchDevice(rank(1, 2, OptionalInt.empty())))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("gave rank 1 no card")
        .hasMessageContaining("spark.task.resource.gpu.amount");
    assertThatThrownBy(() -> compute("\"gpu:0\"").torchDevice(rank(0, 2, OptionalInt.of(0))))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("gpu:0 names one card for 2 ranks");
  }

  @Test
  void aRunOnACardThatIsNotThereEndsWithWhatToDoAndNeverTakesTheCpu() {
    TinyRun run = TinyRun.in(folder).with("compute.device = \"gpu:97\"");
    assertThatThrownBy(() -> run.train(1, "run"))
        .isInstanceOf(EnvironmentException.class)
        .hasMessageContaining("Device gpu:97 was asked for, but libtorch")
        .hasMessageContaining("GPU(s) here")
        .hasMessageContaining("pytorch-native-cu128")
        .hasMessageContaining("PYTORCH_LIBRARY_PATH");
    assertThat(folder.resolve("run")).as("nothing was computed").doesNotExist();
  }

  @Test
  void aDeviceThatIsNoneIsRefusedWithThoseThatAre() {
    TinyRun run = TinyRun.in(folder).with("compute.device = \"cuda:0\"");
    assertThatThrownBy(() -> run.train(1, "run"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("'cuda:0'; use cpu, gpu or gpu:N");
  }

  @Test
  void theCpuNeedsNoCard() {
    assertThat(compute("cpu").torchDevice(rank(1, 2, OptionalInt.empty())))
        .isEqualTo(TorchDevice.cpu(1));
  }

  private static ComputeConfig compute(String device) {
    Settings settings = Recipe.parse("device = " + device, "test").root();
    return ComputeConfig.from(settings);
  }

  private static Rank rank(int index, int count, OptionalInt card) {
    return new Rank() {
      @Override
      public int index() {
        return index;
      }

      @Override
      public int count() {
        return count;
      }

      @Override
      public List<String> allGather(String message) {
        throw new AssertionError("nobody else is asked");
      }

      @Override
      public void barrier() {
        throw new AssertionError("nobody else is asked");
      }

      @Override
      public int generation() {
        return 0;
      }

      @Override
      public OptionalInt card() {
        return card;
      }
    };
  }
}
