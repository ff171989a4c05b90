package org.instella.eval.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.instella.eval.ByteTokenizer;
import org.instella.eval.plan.EvalPartition;
import org.instella.eval.plan.EvalPlan;
import org.instella.eval.plan.EvalUnit;
import org.instella.eval.plan.EvalWorker;
import org.instella.eval.plan.ScoredRow;
import org.instella.eval.plan.UnitKey;
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
import org.instella.model.generate.Generator;
import org.instella.model.transformer.Decoder;
import org.instella.model.transformer.DecoderSettings;
import org.instella.model.transformer.MicroBatch;
import org.instella.model.transformer.TinyModel;
import org.instella.model.transformer.TransformerConfig;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The fast path against the slow one: a full forward pass per request, log-softmax in double
 * precision.
 */
class DecoderLanguageModelTest {
  /** Float32 sums over at most 128 positions: 3e-6 measured; a wrong position changes it by 1. */
  private static final double TOLERANCE = 1e-4;

  private static final SpecialTokens SPECIAL = new SpecialTokens(0, "<eos>", false);
  private static final TransformerConfig CONFIG = TinyModel.withVocabulary(272);

  private Decoder decoder;
  private TokenLanguageModel model;

  @BeforeEach
  void open() {
    decoder = decoder();
    model = model(decoder);
  }

  @AfterEach
  void close() {
    model.close();
  }

  @Test
  void scoresEqualAFullForwardPassPerRequest() {
    List<List<Loglikelihood>> units = units(30);

    List<List<Likelihood>> answers = model.loglikelihoods(units);

    for (int i = 0; i < units.size(); i++) {
      double[] slow = new double[units.get(i).size()];
      double[] fast = new double[slow.length];
      for (int j = 0; j < slow.length; j++) {
        Likelihood expected = slowly(units.get(i).get(j));
        slow[j] = expected.logProbability();
        fast[j] = answers.get(i).get(j).logProbability();
        assertThat(fast[j]).isCloseTo(slow[j], within(TOLERANCE));
        assertThat(answers.get(i).get(j).tokens()).isEqualTo(expected.tokens());
        assertThat(answers.get(i).get(j).greedy()).isEqualTo(expected.greedy());
      }
      assertThat(best(fast)).as("choice of unit %d", i).isEqualTo(best(slow));
    }
  }

  @Test
  void scoresAreEqualToTheBitForAnyPartitioning() {
    List<List<Loglikelihood>> asked = units(24);
    List<EvalUnit> units = new ArrayList<>();
    for (int i = 0; i < asked.size(); i++) {
      units.add(
          new EvalUnit(new UnitKey("t", i, UnitKey.Part.CONDITIONAL), List.copyOf(asked.get(i))));
      units.add(
          new EvalUnit(
              new UnitKey("d", i, UnitKey.Part.TEXT),
              List.of(new RollingLoss(asked.get(i).get(0).context()))));
    }
    List<ScoredRow> expected = run(units, 1);

    for (int count : new int[] {3, 11}) {
      assertThat(run(units, count)).isEqualTo(expected);
    }
  }

  @Test
  void rollingLossEqualsTheSlowOne() {
    String text = "the thing that they think about, then and there; ".repeat(5);

    TextLoss loss = model.rollingLosses(List.of(new RollingLoss(text))).get(0);

    int[] ids = new ByteTokenizer().encode(text);
    int window = CONFIG.maxPositions();
    assertThat(ids).hasSizeGreaterThan(window);
    double expected = 0;
    for (int from = 0; from < ids.length; from += window) {
      int length = Math.min(window, ids.length - from);
      int[] sequence = new int[length + 1];
      sequence[0] = from == 0 ? 0 : ids[from - 1];
      System.arraycopy(ids, from, sequence, 1, length);
      double[][] logits = logits(Arrays.copyOf(sequence, length));
      for (int i = 0; i < length; i++) {
        expected -= logProbability(logits[i], sequence[i + 1]);
      }
    }
    assertThat(loss.nats()).isCloseTo(expected, within(TOLERANCE * 3));
    assertThat(loss.tokens()).isEqualTo(ids.length);
  }

  @Test
  void generationIsTheChainOfArgmaxes() {
    Generated answer =
        model.generate(List.of(new GenerateUntil("once upon", List.of(), 12, true))).get(0);

    int[] ids = new ByteTokenizer().encode("once upon");
    for (int i = 0; i < answer.tokens(); i++) {
      double[][] logits = logits(ids);
      ids = Arrays.copyOf(ids, ids.length + 1);
      ids[ids.length - 1] = best(logits[ids.length - 2]);
    }
    int prompt = new ByteTokenizer().encode("once upon").length;
    assertThat(answer.text())
        .isEqualTo(new ByteTokenizer().decode(Arrays.copyOfRange(ids, prompt, ids.length)));
  }

  private static List<ScoredRow> run(List<EvalUnit> units, int partitions) {
    List<ScoredRow> rows = new ArrayList<>();
    for (EvalPartition partition : EvalPlan.partitions(units, partitions)) {
      // A fresh model per partition, as on a cluster: nothing may depend on what it did before.
      try (TokenLanguageModel worker = model(decoder())) {
        new EvalWorker(worker).run(partition, rows::add);
      }
    }
    Collections.sort(
        rows,
        (a, b) ->
            a.key().equals(b.key())
                ? Integer.compare(a.request(), b.request())
                : a.key().compareTo(b.key()));
    return rows;
  }

  private Likelihood slowly(Loglikelihood request) {
    TokenPair pair =
        new PairTokenizer(new ByteTokenizer(), SPECIAL, PairRule.LME_0_4_3, CONFIG.maxPositions())
            .encode(request);
    double[][] logits = logits(Arrays.copyOf(pair.ids(), pair.inputLength()));
    double sum = 0;
    boolean greedy = true;
    for (int i = pair.firstScored(); i < pair.inputLength(); i++) {
      int target = pair.ids()[i + 1];
      sum += logProbability(logits[i], target);
      greedy &= best(logits[i]) == target;
    }
    return new Likelihood(sum, greedy, pair.continuation(), pair.ids().length);
  }

  private double[][] logits(int[] tokens) {
    int[] none = new int[tokens.length];
    Arrays.fill(none, -1);
    double[] flat = decoder.logits(new MicroBatch(tokens, none, 1, tokens.length));
    double[][] rows = new double[tokens.length][];
    for (int i = 0; i < rows.length; i++) {
      rows[i] =
          Arrays.copyOfRange(flat, i * CONFIG.vocabularySize(), (i + 1) * CONFIG.vocabularySize());
    }
    return rows;
  }

  private static double logProbability(double[] logits, int target) {
    double max = Arrays.stream(logits).max().orElseThrow();
    double sum = Arrays.stream(logits).map(logit -> Math.exp(logit - max)).sum();
    return logits[target] - max - Math.log(sum);
  }

  private static int best(double[] values) {
    int best = 0;
    for (int i = 1; i < values.length; i++) {
      best = values[i] > values[best] ? i : best;
    }
    return best;
  }

  private static List<List<Loglikelihood>> units(int count) {
    Random random = new Random(8);
    List<List<Loglikelihood>> units = new ArrayList<>();
    String shots = "Question: what\nAnswer: this\n\n";
    for (int i = 0; i < count; i++) {
      String context = (i % 3 == 0 ? shots.repeat(4) : "") + "the ".repeat(1 + random.nextInt(20));
      List<Loglikelihood> unit = new ArrayList<>();
      for (String option : List.of(" A", " B", " they said so", " th")) {
        unit.add(new Loglikelihood(context + "which" + random.nextInt(2), option));
      }
      units.add(unit);
    }
    return units;
  }

  private static Decoder decoder() {
    return TinyModel.decoder(CONFIG, 4, DecoderSettings.DEFAULT.withPrefillChunk(32));
  }

  private static TokenLanguageModel model(Decoder decoder) {
    return new TokenLanguageModel(
        "tiny",
        new DecoderNetwork(decoder, CONFIG.maxPositions()),
        new DecoderGenerator(new Generator(decoder, new ByteTokenizer()::decode, 1), 0),
        new ByteTokenizer(),
        SPECIAL,
        PairRule.LME_0_4_3);
  }
}
