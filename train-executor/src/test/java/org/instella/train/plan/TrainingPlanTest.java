package org.instella.train.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.List;
import org.instella.conf.settings.Recipe;
import org.instella.conf.settings.Settings;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.train.TrainConfig;
import org.instella.train.optim.TrainDuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The published recipe gives the published figures. */
class TrainingPlanTest {

  private static TrainConfig recipe(String name) {
    Path file = Path.of(System.getProperty("instella.home"), "conf", "recipes", name);
    Settings root = Recipe.load(Storage.standard(), Location.of(file), List.of()).root();
    TrainConfig train = TrainConfig.from(root.section("train", "the stage"));
    root.finish();
    return train;
  }

  private static TrainingPlan plan(TrainConfig train, int ranks) {
    TrainDuration.Units units = new TrainDuration.Units(train.tokensPerStep(), 1);
    return TrainingPlan.of(
        recipe("instella-3b-stage1.conf").model().orElseThrow(), train, units, ranks);
  }

  @Test
  void stageOneOf3bOn128Devices() {
    TrainingPlan plan = plan(recipe("instella-3b-stage1.conf"), 128);
    assertThat(plan.parameters()).isEqualTo(3_112_675_840L);
    assertThat(plan.flopParameters()).isEqualTo(2_983_897_600L);
    assertThat(plan.steps()).isBetween(969_170L, 969_171L);
    assertThat(plan.weightFlops()).isCloseTo(7.28e22, within(0.005e22));
    assertThat(plan.causalFlops()).isCloseTo(8.20e22, within(0.005e22));
    assertThat(plan.fullFlops()).isCloseTo(9.12e22, within(0.005e22));
    assertThat(plan.time(500e12).toHours() / 24.0).isCloseTo(14.8, within(0.05));
    assertThat(plan.checkpointBytes()).isEqualTo(12L * 3_112_675_840L);
    assertThat(plan.memory().total()).isLessThan(DevicePeak.MI300X.gigabytes() * 1_000_000_000L);
  }

  @ParameterizedTest
  @CsvSource({"5796", "6198", "8915"})
  void stageTwoOf3bReadsThePublishedTokens(int seed) {
    TrainConfig train = recipe("instella-3b-stage2-seed-%d.conf".formatted(seed));
    assertThat(train.seed()).isEqualTo(seed);
    TrainingPlan plan = plan(train, 128);
    assertThat(plan.tokens()).isEqualTo(57_575_211_008L);
    assertThat(plan.causalFlops()).isCloseTo(1.16e21, within(0.005e21));
  }

  @Test
  void flopsOfATokenAtLongerContexts() {
    var model = recipe("instella-3b-stage1.conf").model().orElseThrow();
    assertThat(Flops.perToken(model, 4096).full()).isCloseTo(22.43e9, within(0.005e9));
    assertThat(Flops.perToken(model, 4096).causal()).isCloseTo(20.17e9, within(0.005e9));
    assertThat(Flops.perToken(model, 262_144).full()).isCloseTo(307.81e9, within(0.005e9));
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1, 1",
    "2, 1, 2",
    "8, 1, 4",
    "8, 2, 3",
    "8, 8, 1",
    "6, 1, 3",
    "6, 2, 2",
    "128, 128, 1"
  })
  void oneGradientBufferForEachHeightOfTheTree(int microBatches, int ranks, int buffers) {
    assertThat(RankMemory.gradientBuffers(microBatches, ranks)).isEqualTo(buffers);
  }

  @Test
  void devicesAreFoundInTheirDriversSpelling() {
    assertThat(DevicePeak.named("AMD Instinct MI300X OAM")).contains(DevicePeak.MI300X);
    assertThat(DevicePeak.named("NVIDIA H200")).contains(DevicePeak.H200);
    assertThat(DevicePeak.named("GeForce")).isEmpty();
  }
}
