package org.instella.model.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class SamplerTest {
  private static final double[] LOGITS = {
    Math.log(0.05), Math.log(0.4), Math.log(0.3), Math.log(0.2), Math.log(0.05)
  };

  @Test
  void greedyTakesTheLikeliestAndOfEqualsTheFirst() {
    Sampler greedy = new Sampler(GenerationSettings.greedy(1));
    assertThat(greedy.next(LOGITS, 0)).isEqualTo(1);
    assertThat(greedy.next(new double[] {1, 3, 3}, 5)).isEqualTo(1);
  }

  @Test
  void drawsFollowTheProbabilities() {
    assertThat(shares(1, 1, 0)).containsExactly(new double[] {.05, .4, .3, .2, .05}, within(.01));
  }

  @Test
  void temperatureSharpens() {
    // Squares of the probabilities: .0025 .16 .09 .04 .0025, of .295.
    assertThat(shares(0.5, 1, 0))
        .containsExactly(new double[] {.0085, .542, .305, .136, .0085}, within(.01));
  }

  @Test
  void topPKeepsTheFewestThatReachIt() {
    assertThat(shares(1, 0.6, 0)).containsExactly(new double[] {0, .571, .429, 0, 0}, within(.01));
    assertThat(shares(1, 0.1, 0)).containsExactly(new double[] {0, 1, 0, 0, 0}, within(1e-9));
  }

  @Test
  void topKKeepsThatMany() {
    assertThat(shares(1, 1, 3)).containsExactly(new double[] {0, .444, .333, .222, 0}, within(.01));
    // Of the three kept, the first two make up 0.777.
    assertThat(shares(1, 0.75, 3)).containsExactly(new double[] {0, .571, .429, 0, 0}, within(.01));
  }

  @Test
  void aDrawIsAFunctionOfSeedAndPlace() {
    GenerationSettings settings = GenerationSettings.greedy(1).withSampling(1, 1, 0, 42);
    int[] first = draws(settings, 200);
    assertThat(draws(settings, 200)).isEqualTo(first);
    assertThat(draws(settings.withSampling(1, 1, 0, 43), 200)).isNotEqualTo(first);
  }

  @Test
  void damagedLogitsAndSettingsAreRefused() {
    Sampler sampler = new Sampler(GenerationSettings.greedy(1));
    assertThatThrownBy(() -> sampler.next(new double[] {1, Double.NaN}, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the logit of token 1 is not a number: the weights are damaged");
    assertThatThrownBy(() -> GenerationSettings.greedy(1).withSampling(-1, 1, 0, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("temperature -1.0 at least 0");
    assertThatThrownBy(() -> GenerationSettings.greedy(1).withStopStrings(List.of("")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("an empty stop string would stop before the first token");
  }

  private static double[] shares(double temperature, double topP, int topK) {
    int count = 40_000;
    double[] shares = new double[LOGITS.length];
    GenerationSettings settings =
        GenerationSettings.greedy(1).withSampling(temperature, topP, topK, 7);
    for (int id : draws(settings, count)) {
      shares[id] += 1.0 / count;
    }
    return shares;
  }

  private static int[] draws(GenerationSettings settings, int count) {
    Sampler sampler = new Sampler(settings);
    int[] drawn = new int[count];
    for (int i = 0; i < count; i++) {
      drawn[i] = sampler.next(LOGITS, i);
    }
    return drawn;
  }
}
