package org.instella.train.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.instella.train.optim.LearningRate.CosineWithWarmup;
import org.instella.train.optim.LearningRate.LinearWithWarmup;
import org.instella.train.optim.LearningRate.Warmup;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LearningRateTest {
  // 4.065T tokens in steps of 4,194,304, as published for stage 1.
  private static final long STAGE_1_STEPS = 969_171;

  @ParameterizedTest(name = "step {0}")
  @CsvSource({
    "1, 4.018e-5",
    "1000, 2.2e-4",
    "2000, 4e-4",
    "484586, 2.2058e-4",
    "969171, 4e-5",
    "1000000, 4e-5",
  })
  void stageOneFollowsThePublishedCosine(long step, double expected) {
    LearningRate rate = new CosineWithWarmup(4e-4, new Warmup(2000, 0.1), STAGE_1_STEPS, 0.1);
    assertThat(rate.at(step)).isCloseTo(expected, within(expected * 3e-5));
  }

  @Test
  void stageTwoFallsInAStraightLineToZero() {
    LearningRate rate = new LinearWithWarmup(4e-5, new Warmup(0, 0.1), 13_727, 0);
    assertThat(rate.at(1)).isEqualTo(4e-5 * (1 - 1.0 / 13_727), within(1e-18));
    assertThat(rate.at(13_727)).isZero();
    assertThat(rate.at(6_863)).isEqualTo(4e-5 * (1 - 6_863.0 / 13_727), within(1e-18));
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "969171, 969171",
    "13_727 steps, 13727",
    "57.575B tokens, 13726",
    "57575211008 tokens, 13727",
    "4.065T tokens, 969171",
    "2 epochs, 34",
    "1ep, 17",
    "1.5 epochs, 25",
  })
  void durationsBecomeWholeSteps(String text, long steps) {
    TrainDuration.Units units = new TrainDuration.Units(4_194_304, 17);
    assertThat(TrainDuration.parse(text)).get().extracting(d -> d.toSteps(units)).isEqualTo(steps);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({"soon", "10 minutes", "1.5 steps", "-3", "steps"})
  void aDurationWithoutUnitOrSenseIsNone(String text) {
    assertThat(TrainDuration.parse(text)).isEmpty();
  }

  @Test
  void clippingScalesByTheNormPlusOneMillionth() {
    AdamW adam = new AdamW(4e-4, 0.9, 0.95, 1e-8, 0.1, 1.0);
    assertThat(adam.clipFactor(0.5)).isEqualTo(1f);
    assertThat(adam.clipFactor(4)).isEqualTo((float) (1 / (4 + 1e-6)));
    assertThat(adam.clipFactor(Double.NaN)).isNaN();
  }
}
