package org.instella.eval.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class MetricFormulasTest {
  /** Four options so that every metric picks another one. */
  private static final ScoredChoice QUESTION =
      new ScoredChoice(
          List.of(
              option("ab", " ab", -2.0, 2, -1.5), // largest sum
              option("abcdefghij", " abcdefghij", -5.0, 1, -5.5), // per letter
              option("abc", " abc", -2.4, 6, -1.0), // per token
              option("é", " é", -3.0, 1, -9.0)), // against unconditional
          1);

  @Test
  void everyMetricDividesByItsOwnLength() {
    assertThat(QUESTION.best(ScoredOption::logProbability)).isZero();
    assertThat(ChoiceMetric.ACC_RAW.of(QUESTION)).isZero();
    assertThat(ChoiceMetric.ACC_NORM.of(QUESTION)).isEqualTo(1);
    assertThat(ChoiceMetric.ACC_PER_CHAR.of(withGold(1))).isEqualTo(1);
    assertThat(ChoiceMetric.ACC_PER_TOKEN.of(withGold(2))).isEqualTo(1);
    assertThat(ChoiceMetric.ACC_UNCOND.of(withGold(3))).isEqualTo(1);
    // " é" is three bytes
    assertThat(ChoiceMetric.BITS_PER_BYTE.of(withGold(3)))
        .isCloseTo(3.0 / Math.log(2) / 3, within(1e-15));
  }

  @Test
  void delimiterSpaceDecidesBetweenPerCharAndNorm() {
    // -1/1 against -1.9/2 without the space, -1/2 against -1.9/3 with it.
    ScoredChoice close =
        new ScoredChoice(
            List.of(option("a", " a", -1.0, 1, 0), option("bc", " bc", -1.9, 1, 0)), 0);
    assertThat(ChoiceMetric.ACC_NORM.of(close)).isZero();
    assertThat(ChoiceMetric.ACC_PER_CHAR.of(close)).isEqualTo(1);
  }

  @Test
  void firstOfEqualsWins() {
    ScoredChoice tie =
        new ScoredChoice(List.of(option("a", " a", -1, 1, 0), option("b", " b", -1, 1, 0)), 1);
    assertThat(ChoiceMetric.ACC_RAW.of(tie)).isZero();
  }

  @Test
  void standardErrorIsThatOfTheHarness() {
    double[] oneOfTwelve = new double[12];
    oneOfTwelve[4] = 1;
    Estimate estimate = Estimate.ofMean(oneOfTwelve);
    assertThat(estimate.value()).isCloseTo(0.0833333333, within(1e-9));
    assertThat(estimate.standardError().orElseThrow()).isCloseTo(0.0833333333, within(1e-9));
    assertThat(Estimate.ofMean(new double[] {1}).standardError()).isEmpty();
  }

  @Test
  void groupMeansWeighBySizeOrNot() {
    Estimate small = new Estimate(0.5, OptionalDouble.of(0.1), 10);
    Estimate large = new Estimate(0.8, OptionalDouble.of(0.02), 90);

    assertThat(Estimate.macro(List.of(small, large)).value()).isCloseTo(0.65, within(1e-12));
    assertThat(Estimate.macro(List.of(small, large)).standardError().orElseThrow())
        .isCloseTo(Math.sqrt(0.01 + 0.0004) / 2, within(1e-12));
    Estimate micro = Estimate.micro(List.of(small, large));
    assertThat(micro.value()).isCloseTo(0.77, within(1e-12));
    assertThat(micro.standardError().orElseThrow())
        .isCloseTo(Math.sqrt((9 * 0.01 * 10 + 89 * 0.0004 * 90) / (100 - 2) / 100), within(1e-12));
  }

  @Test
  void mcNemarIsTheBinomialTail() {
    // 2 (1 + 10 + 45 + 120) / 2^10 and 2 (1 + 15) / 2^15
    assertThat(PairedTest.exactMcNemar(3, 7)).isCloseTo(0.34375, within(1e-12));
    assertThat(PairedTest.exactMcNemar(14, 1)).isCloseTo(0.0009765625, within(1e-12));
    assertThat(PairedTest.exactMcNemar(0, 0)).isEqualTo(1);
    assertThat(PairedTest.exactMcNemar(5, 5)).isEqualTo(1);
  }

  @Test
  void pairedTestSeesWhatTwoStandardErrorsHide() {
    Random random = new Random(5);
    double[] first = new double[400];
    double[] second = new double[400];
    for (int i = 0; i < first.length; i++) {
      first[i] = random.nextInt(2);
      second[i] = first[i] == 0 && i % 20 == 0 ? 1 : first[i];
    }
    PairedTest test = PairedTest.of(first, second, 7);
    double separate = Estimate.ofMean(first).standardError().orElseThrow() * 1.96;

    assertThat(test.difference()).isPositive().isLessThan(separate);
    assertThat(test.pValue()).isLessThan(0.01);
    assertThat(test.interval().low()).isPositive();
    assertThat(PairedTest.of(first, second, 7)).isEqualTo(test);
  }

  @Test
  void pairedTestOfLossesUsesTheBootstrap() {
    double[] first = new Random(1).doubles(200).toArray();
    double[] better = Arrays.stream(first).map(x -> x - 0.01).toArray();
    assertThat(PairedTest.of(first, better, 1).pValue()).isLessThan(0.001);
    assertThat(PairedTest.of(first, first, 1).pValue()).isEqualTo(1);
    assertThatThrownBy(() -> PairedTest.of(first, new double[3], 1))
        .hasMessageContaining("must have answered the same documents");
  }

  @Test
  void wilsonStaysInside() {
    Interval none = Interval.wilson(0, 20);
    assertThat(none.low()).isZero();
    assertThat(none.high()).isCloseTo(0.16113, within(1e-4));
  }

  @Test
  void exactMatchNormalisesInOrderAndStripsNothing() {
    ExactMatch rule = new ExactMatch(List.of(Pattern.compile(",")), true, true, false);
    assertThat(rule.matches("1,000!", "1000")).isTrue();
    assertThat(rule.matches("Yes", "yes.")).isTrue();
    assertThat(rule.matches(" yes", "yes")).isFalse();
    assertThat(ExactMatch.STRICT.matches("Yes", "yes")).isFalse();
  }

  private static ScoredOption option(String choice, String sent, double s, int tokens, double u) {
    return new ScoredOption(choice, sent, s, tokens, false, OptionalDouble.of(u));
  }

  private static ScoredChoice withGold(int gold) {
    return new ScoredChoice(QUESTION.options(), gold);
  }
}
