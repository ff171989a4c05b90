package org.instella.ensemble;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.instella.conf.error.DataException;
import org.instella.conf.storage.Location;
import org.instella.ensemble.method.LinearMerge;
import org.instella.ensemble.search.Candidates;
import org.instella.ensemble.search.GreedySoup;
import org.instella.ensemble.search.LearnedWeights;
import org.instella.ensemble.search.LineScan;
import org.instella.ensemble.search.LossGradient;
import org.instella.model.checkpoint.Dtype;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Search over models of two numbers, whose loss is the square of the distance to a target. */
class SearchTest {
  private static final String A = "model.layers.0.w";
  private static final String B = "model.layers.1.w";

  @TempDir private Path root;
  private final List<String> models = new ArrayList<>();

  @BeforeEach
  void threeModels() {
    double[][] values = {{0, 0}, {2, 0}, {0, 8}};
    for (int m = 0; m < values.length; m++) {
      Location folder = Location.of(root.resolve("m" + m));
      Map<String, double[]> tensors = new LinkedHashMap<>();
      tensors.put(A, new double[] {values[m][0]});
      tensors.put(B, new double[] {values[m][1]});
      TinyModels.write(folder, tensors, Dtype.F32);
      models.add(folder.uri());
    }
  }

  private Candidates towards(double a, double b) {
    return new Candidates(
        TinyModels.STORAGE,
        Location.of(root.resolve("work")),
        candidate -> {
          Map<String, double[]> t = candidate.use(TinyModels::read);
          return Math.pow(t.get(A)[0] - a, 2) + Math.pow(t.get(B)[0] - b, 2);
        },
        () -> false);
  }

  @Test
  void greedySoupTakesWhatHelpsAndLeavesTheRest() {
    GreedySoup.Soup soup = GreedySoup.search(models, towards(0.9, 0));
    assertThat(soup.members()).containsExactly(models.get(0), models.get(1));
    assertThat(soup.loss()).isCloseTo(0.01, offset(1e-6));
    assertThat(soup.trials())
        .extracting(GreedySoup.Trial::joined)
        .containsExactly(true, true, false);
    assertThat(root.resolve("work")).isEmptyDirectory();
  }

  @Test
  void learnedWeightsFindTheTargetInsideTheSimplex() {
    Candidates candidates = towards(0.4, 2);
    LearnedWeights.Learned learned = LearnedWeights.global(300).search(models, candidates);
    // The target is 0.55, 0.2, 0.25; the smallest step of 0.05 in logits leaves about 0.01.
    assertThat(learned.loss()).isLessThan(0.02).isLessThan(learned.uniformLoss());
    assertThat(learned.weights().get(0).get(1)).isCloseTo(0.2, offset(0.03));
    assertThat(learned.weights().get(0).get(2)).isCloseTo(0.25, offset(0.03));
    assertThat(candidates.lossOf(learned.merge())).isEqualTo(learned.loss());
    assertThat(LearnedWeights.global(300).search(models, towards(0.4, 2))).isEqualTo(learned);
  }

  @Test
  void weightsPerLayerReachWhatGlobalOnesCannot() {
    double global = LearnedWeights.global(300).search(models, towards(1.8, 6)).loss();
    List<TensorPattern> layers = TensorGroups.byLayer(List.of(A, B));
    assertThat(layers)
        .extracting(TensorPattern::text)
        .containsExactly("model.layers.0.*", "model.layers.1.*");
    double layered = LearnedWeights.perGroup(layers, 600).search(models, towards(1.8, 6)).loss();
    assertThat(layered).isLessThan(0.1).isLessThan(global / 10);
  }

  /** The slopes of {@link #towards}: twice the way to the target, times the model's number. */
  private LossGradient slopesTowards(double a, double b, AtomicInteger asked) {
    return (candidate, folders) -> {
      asked.incrementAndGet();
      Map<String, double[]> t = candidate.use(TinyModels::read);
      SortedMap<String, List<Double>> slopes = new TreeMap<>();
      for (String name : List.of(A, B)) {
        double way = 2 * (t.get(name)[0] - (name.equals(A) ? a : b));
        slopes.put(
            name,
            folders.stream()
                .map(folder -> way * TinyModels.read(Location.of(folder)).get(name)[0])
                .toList());
      }
      return new LossGradient.Slopes(slopes);
    };
  }

  @Test
  void theGradientLeadsToTheSameWeightsInFewerEvaluations() {
    AtomicInteger asked = new AtomicInteger();
    LearnedWeights.Learned learned =
        LearnedWeights.global(40).descend(models, towards(0.4, 2), slopesTowards(0.4, 2, asked));
    assertThat(learned.loss()).isLessThan(0.02).isLessThan(learned.uniformLoss());
    assertThat(learned.weights().get(0).get(1)).isCloseTo(0.2, offset(0.03));
    assertThat(learned.weights().get(0).get(2)).isCloseTo(0.25, offset(0.03));
    assertThat(asked.get()).isBetween(2, 39);
    assertThat(
            LearnedWeights.global(40)
                .descend(models, towards(0.4, 2), slopesTowards(0.4, 2, asked)))
        .isEqualTo(learned);
  }

  @Test
  void theGradientServesAllGroupsAtOnce() {
    List<TensorPattern> layers = TensorGroups.byLayer(List.of(A, B));
    AtomicInteger asked = new AtomicInteger();
    LearnedWeights.Learned learned =
        LearnedWeights.perGroup(layers, 60)
            .descend(models, towards(1.8, 6), slopesTowards(1.8, 6, asked));
    assertThat(learned.loss()).isLessThan(0.1);
    LearnedWeights.Learned one =
        LearnedWeights.perGroup(layers, 1)
            .descend(models, towards(1.8, 6), slopesTowards(1.8, 6, asked));
    assertThat(one.loss()).isEqualTo(one.uniformLoss());
  }

  @Test
  void linesBetweenModelsShowTheirBarrier() {
    List<LineScan.Line> lines = LineScan.allPairs(models, 4, towards(1, 0));
    assertThat(lines).hasSize(3);
    assertThat(lines.get(0).points())
        .extracting(LineScan.Point::loss)
        .containsExactly(1.0, 0.25, 0.0, 0.25, 1.0);
    assertThat(lines.get(0).barrier()).isZero();
    Candidates hill =
        new Candidates(
            TinyModels.STORAGE,
            Location.of(root.resolve("work")),
            candidate -> -Math.abs(candidate.use(TinyModels::read).get(A)[0] - 1),
            () -> false);
    assertThat(LineScan.allPairs(models.subList(0, 2), 4, hill).get(0).barrier()).isEqualTo(1);
  }

  @Test
  void aCandidateIsMadeOnceAndIsGoneAfterwards() {
    MergeConfig mean = MergeConfig.of(MergeStage.of(models, LinearMerge.mean(3)));
    Candidates candidates = towards(1, 0);
    double loss = candidates.lossOf(mean);
    assertThat(candidates.evaluations()).isEqualTo(1);
    assertThat(candidates.lossOf(mean)).isEqualTo(loss);
    assertThat(candidates.evaluations()).as("known candidates are not made again").isEqualTo(1);
    Location folder = candidates.merged(mean).use(place -> place);
    assertThat(folder.toLocalPath()).doesNotExist();
    assertThat(candidates.model(models.get(0)).use(place -> place).toLocalPath()).exists();
    assertThat(root.resolve("work")).isEmptyDirectory();
  }

  @Test
  void identitiesTellMergesApart() {
    Candidates candidates = towards(1, 0);
    String mean =
        candidates.merged(MergeConfig.of(MergeStage.of(models, LinearMerge.mean(3)))).identity();
    String two =
        candidates
            .merged(MergeConfig.of(MergeStage.of(models.subList(0, 2), LinearMerge.mean(2))))
            .identity();
    assertThat(mean).isNotEqualTo(two).isNotEqualTo(candidates.model(models.get(0)).identity());
    assertThat(towards(5, 5).model(models.get(0)).identity())
        .isEqualTo(candidates.model(models.get(0)).identity());
  }

  @Test
  void aLossThatIsNotFiniteEndsTheSearch() {
    Candidates candidates =
        new Candidates(
            TinyModels.STORAGE,
            Location.of(root.resolve("work")),
            candidate -> Double.NaN,
            () -> false);
    assertThatThrownBy(() -> GreedySoup.search(models, candidates))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("The held-out loss of candidate")
        .hasMessageContaining("is NaN");
  }
}
