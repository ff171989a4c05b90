package org.instella.train.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SpikeDetectorTest {
  private static final SpikeRule RULE = new SpikeRule(50, 8);

  /** A falling, noisy curve with losses of their own at some steps, counted from 0. */
  private static List<Double> curve(int steps, long seed) {
    Random random = new Random(seed);
    List<Double> losses = new ArrayList<>();
    for (int i = 0; i < steps; i++) {
      losses.add(2 + 8 * Math.exp(-i / 40.0) + 0.05 * random.nextGaussian());
    }
    return losses;
  }

  private static List<Integer> spikes(List<Double> losses) {
    SpikeDetector detector = new SpikeDetector(RULE);
    List<Integer> found = new ArrayList<>();
    for (int i = 0; i < losses.size(); i++) {
      if (detector.judge(losses.get(i)).isPresent()) {
        found.add(i);
      }
    }
    return found;
  }

  @Test
  void findsLossesThatStandOutAndNoOthers() {
    List<Double> losses = curve(1000, 1);
    losses.set(300, 4.0);
    losses.set(301, 3.5);
    losses.set(700, 2.9);
    assertThat(spikes(losses)).containsExactly(300, 301, 700);
  }

  @Test
  void noiseOfAHundredRunsGivesNoSpike() {
    for (long seed = 0; seed < 100; seed++) {
      assertThat(spikes(curve(500, seed))).as("seed %d", seed).isEmpty();
    }
  }

  @Test
  void aLossWithoutNoiseMayStillWobble() {
    List<Double> losses = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      losses.add(2.0);
    }
    losses.add(2.07);
    losses.add(2.09);
    assertThat(spikes(losses)).containsExactly(61); // 4 % above: eight times half a percent
  }

  @Test
  void tooFewLossesGiveNoVerdict() {
    List<Double> losses = new ArrayList<>();
    for (int i = 0; i < SpikeRule.LEAST - 1; i++) {
      losses.add(2.0);
    }
    losses.add(50.0);
    assertThat(spikes(losses)).isEmpty();
  }

  @Test
  void whatIsNotFiniteIsNoSpikeAndSpoilsNothing() {
    List<Double> losses = curve(200, 2);
    losses.set(100, Double.NaN);
    losses.set(101, Double.POSITIVE_INFINITY);
    losses.set(150, 9.0);
    assertThat(spikes(losses)).containsExactly(150);
  }

  @Test
  void aResumedDetectorThatIsToldTheLossesBeforeSaysTheSame() {
    List<Double> losses = curve(400, 3);
    losses.set(250, 3.5);
    SpikeDetector resumed = new SpikeDetector(RULE);
    losses.subList(0, 250).forEach(resumed::remember);
    assertThat(resumed.judge(losses.get(250))).isPresent();
    assertThat(resumed.judge(losses.get(251))).isEmpty();
  }
}
