package org.instella.model.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.instella.model.torch.TorchDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Scores, rolling losses and steps of generation: the same bits whatever runs beside them. */
class DecoderScoreTest {
  /** Wider than the tiny model, so that products have blocks and edges; pieces of 16 tokens. */
  private static final TransformerConfig CONFIG =
      new TransformerConfig(2, 160, 4, 2, 40, 264, 1000, 1e-5, 10000, 256, false, 0, 0, 1);

  private static final DecoderSettings SETTINGS = DecoderSettings.DEFAULT.withPrefillChunk(16);

  private final Decoder decoder = decoder();

  private static Decoder decoder() {
    FlatParameters parameters = FlatParameters.allocate(CONFIG, TorchDevice.cpu(1));
    MitchellInitialiser.fill(parameters, 3);
    return new Decoder(parameters, SETTINGS);
  }

  @AfterEach
  void close() {
    decoder.close();
  }

  @Test
  void aScoreIsTheSumOfTheLogProbabilitiesOfItsTokens() {
    int[] context = tokens(37, 1);
    int[] continuation = tokens(5, 2);
    int[] row = concat(context, continuation);
    int[] targets = new int[row.length];
    Arrays.fill(targets, -1);
    System.arraycopy(row, 37, targets, 36, 5);
    double[] expected = decoder.targetLogProbabilities(new MicroBatch(row, targets, 1, 42));
    Score score = decoder.score(context, List.of(continuation)).get(0);
    assertThat(score.tokenLogProbabilities()).hasSize(5);
    for (int i = 0; i < 5; i++) {
      assertThat(score.tokenLogProbabilities().get(i)).isEqualTo(expected[36 + i], within(2e-5));
    }
    assertThat(score.logProbability())
        .isEqualTo(score.tokenLogProbabilities().stream().mapToDouble(x -> x).sum());
    assertThat(decoder.rollingLogProbabilities(row, 37))
        .containsExactly(Arrays.copyOfRange(expected, 36, 41), within(2e-5));
  }

  @Test
  void greedyIsTrueForTheLikeliestContinuationOnly() {
    int[] context = tokens(20, 4);
    int[] best = new int[3];
    try (KvCache cache = decoder.newCache(30)) {
      double[] logits = decoder.prefill(cache, context);
      for (int i = 0; i < 3; i++) {
        best[i] = argmax(logits);
        logits = decoder.prefill(cache, new int[] {best[i]});
      }
    }
    int[] other = best.clone();
    other[2] = (other[2] + 1) % CONFIG.vocabularySize();
    assertThat(decoder.score(context, List.of(best, other)))
        .extracting(Score::greedy)
        .containsExactly(true, false);
  }

  static LongStream seeds() {
    return LongStream.range(0, 8);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void aScoreDoesNotDependOnWhatIsScoredBesideOrBefore(long seed) {
    Random random = new Random(seed);
    int[] shared = tokens(40, seed + 50);
    List<int[]> contexts = new ArrayList<>();
    List<int[]> continuations = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      int[] own = tokens(1 + random.nextInt(60), seed * 100 + i);
      contexts.add(i % 2 == 0 ? concat(shared, own) : own);
      continuations.add(tokens(1 + random.nextInt(20), seed * 100 + 50 + i));
    }
    List<Score> alone = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      decoder.parametersChanged(); // nothing is cached after this
      alone.add(decoder.score(contexts.get(i), List.of(continuations.get(i))).get(0));
    }
    List<Integer> order = new ArrayList<>(List.of(0, 1, 2, 3, 4, 5, 0, 2, 4));
    Collections.shuffle(order, random);
    for (int i : order) {
      int before = random.nextInt(3);
      List<int[]> group = new ArrayList<>();
      for (int j = 0; j < before; j++) {
        group.add(continuations.get(random.nextInt(6)));
      }
      group.add(continuations.get(i));
      group.add(tokens(9, seed));
      assertThat(decoder.score(contexts.get(i), group).get(before))
          .as("context %d, beside %d others", i, before + 1)
          .isEqualTo(alone.get(i));
    }
  }

  @Test
  void changedWeightsForgetTheCachedPrefix() {
    int[] context = tokens(64, 1);
    List<int[]> continuation = List.of(tokens(3, 2));
    decoder.score(context, continuation);
    decoder.parameters().buffer().fill(0);
    decoder.parametersChanged();
    assertThat(decoder.score(context, continuation).get(0).logProbability())
        .isEqualTo(-3 * Math.log(1000), within(1e-5));
  }

  @ParameterizedTest(name = "{0} rows")
  @ValueSource(ints = {1, 2, 4, 8, 16})
  void aRowOfAStepDependsNeitherOnItsPlaceNorOnItsNeighbours(int rows) {
    int[] prompt = tokens(23, 8);
    double[] expected = null;
    for (int place = 0; place < rows; place++) {
      List<KvCache> caches = new ArrayList<>();
      int[] next = new int[rows];
      for (int row = 0; row < rows; row++) {
        KvCache cache = decoder.newCache(row == place ? 30 : 90);
        int[] own = row == place ? prompt : tokens(1 + (row * 31 + place) % 80, row + 100 * place);
        decoder.prefill(cache, own);
        next[row] = row == place ? 77 : row;
        caches.add(cache);
      }
      double[] logits = decoder.decode(caches, next, rows)[place];
      caches.forEach(KvCache::close);
      if (expected == null) {
        expected = logits;
      }
      assertThat(logits).as("row %d of %d", place, rows).isEqualTo(expected);
    }
  }

  @Test
  void spareRowsDoNotChangeTheOthers() {
    int[] prompt = tokens(23, 8);
    double[][] logits = new double[2][];
    for (int others = 0; others < 2; others++) {
      try (KvCache cache = decoder.newCache(30);
          KvCache other = decoder.newCache(30)) {
        decoder.prefill(cache, prompt);
        decoder.prefill(other, tokens(3, 1));
        List<KvCache> caches = others == 0 ? List.of(cache) : List.of(cache, other);
        logits[others] = decoder.decode(caches, Arrays.copyOf(new int[] {5, 6}, others + 1), 4)[0];
        assertThat(cache.length()).isEqualTo(24);
      }
    }
    assertThat(logits[1]).isEqualTo(logits[0]);
  }

  @Test
  void stepsContinueWhatThePrefillBegan() {
    int[] row = tokens(40, 9);
    try (KvCache whole = decoder.newCache(40);
        KvCache steps = decoder.newCache(40)) {
      double[] expected = decoder.prefill(whole, row);
      decoder.prefill(steps, Arrays.copyOf(row, 30));
      double[] logits = new double[0];
      for (int i = 30; i < 40; i++) {
        logits = decoder.decode(List.of(steps), new int[] {row[i]}, 1)[0];
      }
      assertThat(logits).containsExactly(expected, within(1e-4));
      assertThat(steps.length()).isEqualTo(40);
    }
  }

  @Test
  void whatCannotBeScoredIsRefused() {
    assertThatThrownBy(() -> decoder.score(new int[0], List.of(new int[] {1})))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the context must have at least one token");
    assertThatThrownBy(() -> decoder.score(new int[] {5}, List.of(new int[0])))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a continuation must have at least one token");
    assertThatThrownBy(() -> decoder.score(tokens(250, 1), List.of(tokens(8, 1))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("257 tokens are more than the 256 positions of the model");
    try (KvCache cache = decoder.newCache(3)) {
      assertThatThrownBy(() -> decoder.prefill(cache, tokens(4, 1)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("4 tokens do not fit: the cache holds 0 of 3");
    }
  }

  private static int argmax(double[] logits) {
    int best = 0;
    for (int i = 1; i < logits.length; i++) {
      best = logits[i] > logits[best] ? i : best;
    }
    return best;
  }

  private static int[] tokens(int count, long seed) {
    return new Random(seed).ints(count, 2, CONFIG.vocabularySize()).toArray();
  }

  private static int[] concat(int[] first, int[] second) {
    int[] all = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, all, first.length, second.length);
    return all;
  }
}
