package org.instella.ensemble.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.error.DataException;
import org.instella.conf.settings.ChoiceKey;
import org.instella.conf.settings.Recipe;
import org.instella.conf.settings.Settings;
import org.instella.model.checkpoint.Dtype;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class MergeMethodsTest {

  static LongStream seeds() {
    return LongStream.range(0, 40);
  }

  static LongStream fewSeeds() {
    return LongStream.range(0, 8);
  }

  static Stream<Arguments> golden() throws IOException {
    List<Arguments> cases = new ArrayList<>();
    try (InputStream in = MergeMethodsTest.class.getResourceAsStream("/golden/merge.json")) {
      for (JsonNode tensor : new JsonMapper().readTree(in).get("tensors")) {
        for (String group : List.of("three", "two")) {
          tensor
              .get(group)
              .properties()
              .forEach(
                  e ->
                      cases.add(
                          Arguments.of(
                              e.getKey() + " on " + tensor.get("name").asText(),
                              e.getKey(),
                              tensor,
                              group.equals("three") ? 3 : 2,
                              e.getValue())));
        }
      }
    }
    return cases.stream();
  }

  /** Expected numbers are float64, ours too: only the order of sums differs. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("golden")
  void equalsTheNumpyDefinition(
      String name, String recipe, JsonNode tensor, int models, JsonNode expected) {
    List<Long> shape = new ArrayList<>();
    tensor.get("shape").forEach(size -> shape.add(size.asLong()));
    double[][] values = new double[models][];
    for (int m = 0; m < models; m++) {
      values[m] = doubles(tensor.get("models").get(m));
    }
    double[] base = models == 2 ? null : doubles(tensor.get("base"));
    int row = shape.get(shape.size() - 1).intValue();
    double[] merged =
        new HeapTensor(tensor.get("name").asText(), shape, Dtype.F32, values, base, 3 * row)
            .merged(read(recipe, models, base != null));
    assertThat(merged).containsExactly(doubles(expected), within(1e-12));
  }

  @ParameterizedTest
  @EnumSource(MethodName.class)
  void everyMethodHasAGoldenFile(MethodName method) throws IOException {
    String recipe = "method = " + ChoiceKey.nameOf(method);
    assertThat(golden().map(one -> (String) one.get()[1]))
        .anyMatch(one -> one.equals(recipe) || one.startsWith(recipe + ","));
  }

  /** The pass over stored float32 is what merging is measured by; it may not change a bit. */
  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void meansInOnePassAreThoseOfFloat64RoundedOnce(long seed) {
    Random random = new Random(seed);
    int models = 1 + random.nextInt(4);
    int count = 1 + random.nextInt(300);
    ByteBuffer[] stored = new ByteBuffer[models];
    double[][] doubles = new double[models][count];
    for (int m = 0; m < models; m++) {
      stored[m] = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < count; i++) {
        // Every exponent, so that sums lose digits, overflow and underflow.
        float value = Float.intBitsToFloat(random.nextInt());
        if (!Float.isFinite(value) && seed % 2 == 0) {
          value = -0.0f;
        }
        stored[m].putFloat(4 * i, value);
        doubles[m][i] = value;
      }
    }
    List<Double> weights = random.doubles(models, -1, 2).boxed().toList();
    for (LinearMerge method : List.of(LinearMerge.mean(models), LinearMerge.weighted(weights))) {
      HeapTensor tensor =
          new HeapTensor("t", List.of((long) count), Dtype.F32, doubles, null, count);
      double[] expected = tensor.merged(method);
      for (boolean vectors : new boolean[] {false, true}) {
        ByteBuffer merged = ByteBuffer.allocate(count * 4).order(ByteOrder.LITTLE_ENDIAN);
        boolean finite =
            MeanKernel.of(Dtype.F32, vectors)
                .orElseThrow()
                .mean(stored, method.factors(), method.divisor(), count, merged);
        boolean allFinite = true;
        for (int i = 0; i < count; i++) {
          assertThat(Float.floatToIntBits(merged.getFloat(4 * i)))
              .as("element %d", i)
              .isEqualTo(Float.floatToIntBits((float) expected[i]));
          allFinite &= Float.isFinite(merged.getFloat(4 * i));
        }
        assertThat(finite).isEqualTo(allFinite);
      }
    }
  }

  private static double[] doubles(JsonNode list) {
    double[] values = new double[list.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = list.get(i).asDouble();
    }
    return values;
  }

  private static MergeMethod read(String recipe, int models, boolean hasBase) {
    Settings settings = Recipe.parse(recipe, "test.conf").root();
    MergeMethod method = MethodName.read(settings, models, hasBase);
    settings.finish();
    return method;
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("fewSeeds")
  void cutsByCountingAndBySortingAreTheSame(long seed) {
    Random random = new Random(seed);
    int count = 200 + random.nextInt(500);
    double[][] values = new double[2][count];
    double[] base = new double[count];
    for (int i = 0; i < count; i++) {
      base[i] = random.nextInt(4); // few values, so that many differences are equal
      values[0][i] = base[i] + random.nextInt(5) - 2;
      values[1][i] = base[i] + random.nextGaussian() * (random.nextInt(3));
    }
    HeapTensor tensor = new HeapTensor("t", List.of((long) count), Dtype.F32, values, base, 64);
    List<Long> ranks = List.of(0L, 1L, (long) random.nextInt(count), count - 1L, (long) count);
    List<List<RankCut>> sorted = RankCut.bySorting(tensor, ranks);
    assertThat(RankCut.byCounting(tensor, ranks)).isEqualTo(sorted);
    for (int r = 0; r < ranks.size(); r++) {
      for (int m = 0; m < 2; m++) {
        long below = 0;
        for (int i = 0; i < count; i++) {
          below += sorted.get(r).get(m).below(Math.abs(values[m][i] - base[i]), i) ? 1 : 0;
        }
        assertThat(below).as("rank %d of model %d", ranks.get(r), m).isEqualTo(ranks.get(r));
      }
    }
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void blocksDoNotChangeTheResult(long seed) {
    Random random = new Random(seed);
    double[][] values = new double[3][];
    for (int m = 0; m < 3; m++) {
      values[m] = random.doubles(40 * 10, -1, 1).toArray();
    }
    double[] base = random.doubles(40 * 10, -1, 1).toArray();
    for (String recipe :
        List.of(
            "method = mean",
            "method = ties, density = 0.3",
            "method = dare-ties, density = 0.3, seed = " + seed,
            "method = della, seed = " + seed,
            "method = breadcrumbs, density = 0.6, gamma = 0.05",
            "method = nearswap, t = 0.1")) {
      int models = recipe.contains("nearswap") ? 2 : 3;
      MergeMethod method = read(recipe, models, true);
      double[][] some = Arrays.copyOf(values, models);
      List<Long> shape = List.of(40L, 10L);
      assertThat(new HeapTensor("t", shape, Dtype.F32, some, base, 10).merged(method))
          .as(recipe)
          .isEqualTo(new HeapTensor("t", shape, Dtype.F32, some, base, 400).merged(method));
    }
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void equalModelsStayWhatTheyAre(long seed) {
    double[] model = new Random(seed).doubles(120, -1, 1).toArray();
    double[] base = new Random(seed + 1000).doubles(120, -1, 1).toArray();
    HeapTensor tensor =
        new HeapTensor(
            "t", List.of(12L, 10L), Dtype.F64, new double[][] {model, model, model}, base, 30);
    for (String recipe :
        List.of(
            "method = mean",
            "method = linear, weights = [0.2, 0.3, 0.5]",
            "method = multi-slerp",
            "method = model-stock",
            "method = ties, density = 1",
            "method = ema, decay = 0.9",
            "method = latest, last = 2")) {
      assertThat(tensor.merged(read(recipe, 3, true)))
          .as(recipe)
          .containsExactly(model, within(1e-7)); // multi-slerp adds 1e-8 to its norms
    }
  }

  @Test
  void slerpKeepsTheLengthOfTurningVectors() {
    double[][] values = {{1, 0, 0}, {0, 1, 0}};
    HeapTensor tensor = new HeapTensor("t", List.of(3L), Dtype.F32, values, null, 3);
    double half = Math.sqrt(0.5);
    assertThat(tensor.merged(new SlerpMerge(0.5)))
        .containsExactly(new double[] {half, half, 0}, within(1e-15));
    assertThat(tensor.merged(new SlerpMerge(0))).containsExactly(1, 0, 0);
  }

  @Test
  void cancellingDirectionsHaveNoSphericalMean() {
    double half = Math.sqrt(3) / 2;
    double[][] values = {{1, 0}, {-0.5, half}, {-0.5, -half}};
    HeapTensor tensor = new HeapTensor("w", List.of(2L), Dtype.F32, values, null, 2);
    List<Double> thirds = List.of(1 / 3., 1 / 3., 1 / 3.);
    assertThatThrownBy(() -> tensor.merged(new MultiSlerpMerge(thirds, false)))
        .isInstanceOf(DataException.class)
        .hasMessageContaining(
            "no answer for tensor w: the weighted directions of the models cancel");
  }

  @Test
  void dareKeepsTheExpectationAndTheShare() {
    int count = 200_000;
    double[] ones = new double[count];
    Arrays.fill(ones, 1);
    HeapTensor tensor =
        new HeapTensor(
            "t", List.of((long) count), Dtype.F32, new double[][] {ones}, new double[count], count);
    double[] merged = tensor.merged(read("method = dare-linear, density = 0.3, seed = 5", 1, true));
    double mean = Arrays.stream(merged).average().orElseThrow();
    // Standard deviation of the mean: sqrt(0.7 / 0.3 / 200,000) = 0.0034; five of them.
    assertThat(mean).isCloseTo(1, within(0.017));
    assertThat(Arrays.stream(merged).distinct().sorted().toArray())
        .containsExactly(new double[] {0, 1 / 0.3}, within(1e-12));
    double[] other = tensor.merged(read("method = dare-linear, density = 0.3, seed = 6", 1, true));
    assertThat(other).isNotEqualTo(merged);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      value = {
        "method = linear, weights = [0.5, 0.4] | weights = [0.5,0.4] (line 1): sum to 0.9 instead"
            + " of 1; set normalize = true",
        "method = linear, weights = [1, -1], normalize = true | sum to 0.0, by which they cannot be"
            + " divided",
        "method = linear, weights = [1] | has 1 entries for 2 models",
        "method = ties | needs a base model: name it with key base",
        "method = mean, density = 0.5 | density (line 1): unknown key",
        "method = slerp, t = 1.5 | t = 1.5 (line 1): must be in [0, 1]",
        "method = sleerp | method = \"sleerp\" (line 1)",
        "method = della, density = 0.9, epsilon = 0.2 | must keep density - epsilon = 0.7000 and"
            + " density + epsilon = 1.100 inside (0, 1)",
        "method = nearswap, t = 0 | t = 0 (line 1)",
        "method = latest, last = 3 | must be at most the 2 models",
        "method = copy, from = 2 | must be below 2",
        "method = ema | decay",
      })
  void refusesWrongParametersByName(String recipe, String message) {
    assertThatThrownBy(() -> read(recipe, 2, false))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining(message);
  }

  @Test
  void methodsSayHowManyModelsTheyTake() {
    assertThatThrownBy(() -> read("method = slerp", 3, false))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("takes two models, but 3 are named");
    assertThatThrownBy(() -> read("method = model-stock", 1, true))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("needs at least 2 models, but 1 are named");
  }
}
