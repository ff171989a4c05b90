package org.instella.eval.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.instella.eval.ByteTokenizer;
import org.instella.eval.request.GenerateUntil;
import org.instella.eval.request.Generated;
import org.instella.eval.request.Likelihood;
import org.instella.eval.request.Loglikelihood;
import org.instella.eval.request.PairRule;
import org.instella.eval.request.PairTokenizer;
import org.instella.eval.request.RollingLoss;
import org.instella.eval.request.SpecialTokens;
import org.instella.eval.request.TextLoss;
import org.instella.eval.request.TokenPair;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class TokenLanguageModelTest {
  private static final SpecialTokens SPECIAL = new SpecialTokens(0, "<eos>", false);

  static LongStream seeds() {
    return LongStream.range(0, 50);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void answersEqualOneForwardPassPerRequest(long seed) {
    FixedLogitsModel network = new FixedLogitsModel(258, 40);
    List<List<Loglikelihood>> units = randomUnits(new Random(seed));

    List<List<Likelihood>> answers = model(network).loglikelihoods(units);

    for (int i = 0; i < units.size(); i++) {
      for (int j = 0; j < units.get(i).size(); j++) {
        assertThat(answers.get(i).get(j)).isEqualTo(alone(network, units.get(i).get(j)));
      }
    }
  }

  @Test
  void theContextOfAQuestionIsReadOnce() {
    FixedLogitsModel network = new FixedLogitsModel(258, 40);
    List<Loglikelihood> question =
        List.of(
            new Loglikelihood("Which?", " A"),
            new Loglikelihood("Which?", " B"),
            new Loglikelihood("Which?", " B"));

    model(network).loglikelihoods(List.of(question));

    assertThat(network.contextsRead).isEqualTo(1);
    assertThat(network.continuationsRead).as("equal continuations once").isEqualTo(2);
  }

  @Test
  void unconditionalRequestsAreAnsweredOnce() {
    FixedLogitsModel network = new FixedLogitsModel(258, 40);
    List<Loglikelihood> without = List.of(new Loglikelihood("Answer:", " yes"));

    List<List<Likelihood>> answers =
        model(network).loglikelihoods(List.of(without, without, without));

    assertThat(network.contextsRead).isEqualTo(1);
    assertThat(answers.get(2)).isEqualTo(answers.get(0));
  }

  @Test
  void rollingLossPredictsEveryTokenOnce() {
    FixedLogitsModel network = new FixedLogitsModel(258, 4);
    String text = "abcdefghij";

    TextLoss loss = model(network).rollingLosses(List.of(new RollingLoss(text))).get(0);

    int[] ids = new ByteTokenizer().encode(text);
    double expected = 0;
    for (int i = 0; i < ids.length; i++) {
      // Windows of four: position 4 sees only the token before it, and so on.
      int start = i / 4 * 4;
      int[] seen = new int[i - start + 1];
      seen[0] = start == 0 ? 0 : ids[start - 1];
      System.arraycopy(ids, start, seen, 1, i - start);
      expected -= network.logProbabilities(seen, seen.length)[ids[i]];
    }
    assertThat(loss.nats()).isCloseTo(expected, within(1e-9));
    assertThat(loss.tokens()).isEqualTo(10);
    assertThat(loss.bytes()).isEqualTo(10);
  }

  @Test
  void generationStopsAtTheEarliestStop() {
    FixedLogitsModel network = new FixedLogitsModel(258, 40);
    TokenLanguageModel model = model(network);
    String all =
        model.generate(List.of(new GenerateUntil("abc", List.of(), 8, true))).get(0).text();
    String stop = all.substring(3, 4);

    Generated cut =
        model.generate(List.of(new GenerateUntil("abc", List.of("never", stop), 8, true))).get(0);

    assertThat(cut.text()).isEqualTo(all.substring(0, all.indexOf(stop)));
    assertThat(cut.tokens()).isEqualTo(8);
  }

  @Test
  void aLongPromptLosesItsLeftOrItsRoom() {
    FixedLogitsModel network = new FixedLogitsModel(258, 10);
    String prompt = "0123456789ABCDEF";

    List<Generated> answers =
        model(network)
            .generate(
                List.of(
                    new GenerateUntil(prompt, List.of(), 4, true),
                    new GenerateUntil(prompt, List.of(), 4, false),
                    new GenerateUntil("01234567", List.of(), 4, false)));

    assertThat(answers.get(0).tokens()).isEqualTo(4);
    assertThat(answers.get(1)).isEqualTo(new Generated("", 0));
    assertThat(answers.get(2).tokens()).isEqualTo(2);
  }

  private static Likelihood alone(FixedLogitsModel network, Loglikelihood request) {
    TokenPair pair =
        new PairTokenizer(new ByteTokenizer(), SPECIAL, PairRule.LME_0_4_3, network.maxLength())
            .encode(request);
    double sum = 0;
    boolean greedy = true;
    for (int i = pair.firstScored(); i < pair.inputLength(); i++) {
      double[] values = network.logProbabilities(pair.ids(), i + 1);
      int target = pair.ids()[i + 1];
      sum += values[target];
      for (double value : values) {
        greedy &= values[target] >= value;
      }
    }
    return new Likelihood(sum, greedy, pair.continuation(), pair.ids().length);
  }

  private static List<List<Loglikelihood>> randomUnits(Random random) {
    List<List<Loglikelihood>> units = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      String context = text(random, random.nextInt(60));
      List<Loglikelihood> unit = new ArrayList<>();
      for (int j = 0; j <= random.nextInt(5); j++) {
        boolean other = random.nextInt(4) == 0;
        unit.add(
            new Loglikelihood(
                other ? context + "x" : context, " " + text(random, 1 + random.nextInt(9))));
      }
      units.add(unit);
    }
    return units;
  }

  private static String text(Random random, int length) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      text.append("abcdefth \n".charAt(random.nextInt(10)));
    }
    return text.toString();
  }

  private static TokenLanguageModel model(FixedLogitsModel network) {
    return new TokenLanguageModel(
        "fixed", network, network, new ByteTokenizer(), SPECIAL, PairRule.LME_0_4_3);
  }
}
