package org.instella.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.error.DataException;
import org.instella.conf.storage.Location;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainConfigTest {
  @TempDir Path folder;
  private TinyRun run;

  @BeforeEach
  void writeData() {
    run = TinyRun.in(folder);
  }

  @Test
  void readsTheRecipeOfAStage() {
    TrainConfig config =
        run.with("duration = 2 epochs, loss.normalisation = instella, schedule.final-fraction = 0")
            .config();
    assertThat(config.duration().toString()).isEqualTo("2 epochs");
    assertThat(config.loss().normalisation()).isEqualTo(LossConfig.Normalisation.INSTELLA);
    assertThat(config.microBatches()).isEqualTo(8);
    assertThat(config.optimizer().beta2()).isEqualTo(0.95);
    assertThat(config.data().sources())
        .extracting(DataConfig.Source::name)
        .containsExactly("walks", "sums");
  }

  @Test
  void saysAllThatIsWrongAtOnce() {
    TinyRun wrong =
        run.with(
            """
            duration = soon, micro-batch = 3, sequence-length = 64
            optimizer.learning-rate = 40
            start.path = "elsewhere"
            schedule.warmupp = 3
            """);
    assertThatThrownBy(wrong::config)
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("is no duration; write for example 2000 steps")
        .hasMessageContaining("3 does not divide 16")
        .hasMessageContaining("at most model.max-positions, which is 32")
        .hasMessageContaining("train.optimizer.learning-rate = 40")
        .hasMessageContaining("not with initialise")
        .hasMessageContaining("did you mean warmup");
  }

  @Test
  void aMissingDurationIsSaidOnce() {
    assertThatThrownBy(() -> run.with("duration = null").config())
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("train.duration")
        .hasMessageContaining("such as 1 epochs");
  }

  @Test
  void ranksThatCannotShareTheBatchAreToldWhichCan() {
    assertThatThrownBy(() -> run.with("global-batch = 12").train(4, "out"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("4 ranks cannot share 6 micro-batches")
        .hasMessageContaining("here at most 2");
  }

  @Test
  void aVocabularyThatIsTooSmallForTheDataIsRefused() {
    assertThatThrownBy(() -> run.with("model.vocabulary-size = 60").train(1, "out"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("vocabulary of 64 ids, the model has 60");
  }

  @Test
  void dataOfTwoTokenizersIsRefused() {
    run.dataset("foreign", "0".repeat(64), 3, 300);
    TinyRun mixed =
        run.with(
            "data.sources += { name = foreign, path = \"%s\" }"
                .formatted(run.folder("foreign").uri()));
    assertThatThrownBy(() -> mixed.train(1, "out"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("Source foreign was made with another tokenizer");
  }

  @Test
  void tooLittleDataForOneStepIsRefused() {
    assertThatThrownBy(() -> run.with("global-batch = 1024").train(1, "out"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("less than one global batch of 1024");
  }

  @Test
  void aMissingDataSetIsNamed() {
    TinyRun missing =
        run.with("data.sources = [{ path = \"%s\" }]".formatted(folder.resolve("no")));
    assertThatThrownBy(() -> missing.train(1, "out"))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("/no has no manifest.json");
  }

  @Test
  void aShardWithAFlippedByteIsNamedBeforeTheFirstStep() throws Exception {
    Location shard = run.folder("walks").resolve("part-00001.arrow");
    byte[] bytes = run.bytes(shard);
    bytes[bytes.length / 2] ^= 4;
    Files.write(shard.toLocalPath(), bytes);
    assertThatThrownBy(() -> run.train(2, "out"))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("part-00001.arrow has sha256");
  }
}
