package org.instella.ensemble.method;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.instella.conf.settings.KeyDoc;
import org.instella.conf.settings.Range;
import org.instella.conf.settings.Settings;

/**
 * Methods by the names that recipes use; {@link #read} takes the parameters of one and checks them.
 */
public enum MethodName {
  MEAN,
  LINEAR,
  SLERP,
  MULTI_SLERP,
  NEARSWAP,
  TASK_ARITHMETIC,
  TIES,
  DARE_LINEAR,
  DARE_TIES,
  DELLA,
  DELLA_LINEAR,
  BREADCRUMBS,
  BREADCRUMBS_TIES,
  MODEL_STOCK,
  EMA,
  LATEST,
  COPY;

  /** How the mean is computed. */
  public enum Arithmetic {
    EXACT,
    REFERENCE
  }

  private static final double SUM_TOLERANCE = 1e-6;

  /**
   * Reads key {@code method} and the parameters of that method; keys of other methods are unknown.
   *
   * @param section where {@code method} stands
   * @param models how many models are merged
   * @param hasBase whether a base model is named
   * @return the method; a placeholder where there is a problem, which {@link Settings#finish} says
   */
  public static MergeMethod read(Settings section, int models, boolean hasBase) {
    MethodName name =
        section.choice("method", "how the models are merged", MethodName.class).orElse(MEAN);
    MergeMethod method = name.parameters(section, models, hasBase);
    if (method.needsBase() && !hasBase) {
      section.problem("method", "needs a base model: name it with key base");
    }
    int needed = name.fewestModels();
    if (models < needed) {
      section.problem(
          "method", "needs at least %d models, but %d are named".formatted(needed, models));
    }
    if ((name == SLERP || name == NEARSWAP) && models > 2) {
      section.problem("method", "takes two models, but %d are named".formatted(models));
    }
    return method;
  }

  /** The keys of this method for the docs page, {@code method} itself left out. */
  public List<KeyDoc> docs() {
    Settings described = Settings.describing("");
    MergeMethod unused = parameters(described, 1, true);
    return described.docs();
  }

  private int fewestModels() {
    return switch (this) {
      case SLERP, NEARSWAP, MULTI_SLERP, MODEL_STOCK -> 2;
      default -> 1;
    };
  }

  private MergeMethod parameters(Settings section, int models, boolean hasBase) {
    return switch (this) {
      case MEAN -> mean(section, models);
      case LINEAR -> LinearMerge.weighted(shares(section, models));
      case SLERP ->
          new SlerpMerge(
              section
                  .number("t", "0 is the first model, 1 the second")
                  .in(Range.closed(0, 1))
                  .orElse(0.5));
      case MULTI_SLERP -> new MultiSlerpMerge(shares(section, models), hasBase);
      case NEARSWAP ->
          new NearSwapMerge(
              section
                  .number("t", "difference below which elements are swapped")
                  .greaterThan(0)
                  .required());
      case TASK_ARITHMETIC -> new TaskArithmeticMerge(vectors(section, models, false, false));
      case TIES -> new TiesMerge(vectors(section, models, true, true), density(section));
      case DARE_LINEAR -> dare(section, models, false);
      case DARE_TIES -> dare(section, models, true);
      case DELLA -> della(section, models, true);
      case DELLA_LINEAR -> della(section, models, false);
      case BREADCRUMBS -> breadcrumbs(section, models, false);
      case BREADCRUMBS_TIES -> breadcrumbs(section, models, true);
      case MODEL_STOCK -> new ModelStockMerge();
      case EMA ->
          LinearMerge.exponential(
              models,
              section
                  .number("decay", "share of the average that stays at each checkpoint")
                  .in(Range.closedOpen(0, 1))
                  .required());
      case LATEST -> latest(section, models);
      case COPY -> copy(section, models);
    };
  }

  private static MergeMethod mean(Settings section, int models) {
    Arithmetic arithmetic =
        section
            .choice(
                "arithmetic",
                "exact: float64, rounded once; reference: the published script's steps",
                Arithmetic.class)
            .orElse(Arithmetic.EXACT);
    return arithmetic == Arithmetic.EXACT ? LinearMerge.mean(models) : new ReferenceMean();
  }

  private static MergeMethod latest(Settings section, int models) {
    int last =
        section
            .integer("last", "how many models, from the end, are averaged")
            .atLeast(1)
            .required();
    if (last > models) {
      section.problem("last", "must be at most the %d models that are named".formatted(models));
    }
    return LinearMerge.latest(models, Math.min(last, models));
  }

  private static MergeMethod copy(Settings section, int models) {
    int from = section.integer("from", "which model, counted from 0").atLeast(0).orElse(0);
    if (from >= models) {
      section.problem("from", "must be below %d, the number of models".formatted(models));
    }
    return new CopyMerge(Math.min(from, models - 1));
  }

  private static MergeMethod dare(Settings section, int models, boolean ties) {
    return new DareMerge(
        vectors(section, models, false, ties), density(section), rescale(section), seed(section));
  }

  private static MergeMethod della(Settings section, int models, boolean ties) {
    double density =
        section
            .number("density", "mean chance of an element to be kept")
            .in(Range.open(0, 1))
            .orElse(0.5);
    double window =
        section.number("epsilon", "half the width of the range of chances").atLeast(0).orElse(0.15);
    if (density - window <= 0 || density + window >= 1) {
      section.problem(
          "epsilon",
          "must keep density - epsilon = %.4g and density + epsilon = %.4g inside (0, 1)"
              .formatted(density - window, density + window));
    }
    return new DellaMerge(
        vectors(section, models, ties, ties), density, window, rescale(section), seed(section));
  }

  private static MergeMethod breadcrumbs(Settings section, int models, boolean ties) {
    double outliers =
        section
            .number("gamma", "share of the largest elements that is dropped")
            .in(Range.closedOpen(0, 1))
            .orElse(0.01);
    return new BreadcrumbsMerge(vectors(section, models, false, ties), density(section), outliers);
  }

  private static TaskVectors vectors(
      Settings section, int models, boolean normalizes, boolean consensus) {
    List<Double> weights =
        section
            .numbers(
                "weights", "factor of each model's difference to the base; 1 each unless given")
            .optional()
            .orElse(Collections.nCopies(models, 1.0));
    return new TaskVectors(
        sized(section, weights, models),
        section.number("lambda", "factor of the combined difference").orElse(1.0),
        section
            .flag("normalize", "divide by the sum of the weights that took part")
            .orElse(normalizes),
        consensus);
  }

  /** Weights of a mean: they sum to 1, or {@code normalize = true} makes them. */
  private static List<Double> shares(Settings section, int models) {
    boolean given = section.has("weights");
    List<Double> weights =
        section
            .numbers("weights", "share of each model, summing to 1; equal unless given")
            .optional()
            .orElse(List.of());
    boolean normalize =
        section.flag("normalize", "divide the weights by their sum first").orElse(false);
    if (!given) {
      return Collections.nCopies(models, 1.0 / models);
    }
    weights = sized(section, weights, models);
    double sum = weights.stream().mapToDouble(Double::doubleValue).sum();
    boolean valid = normalize ? Math.abs(sum) > SUM_TOLERANCE : Math.abs(sum - 1) <= SUM_TOLERANCE;
    if (!valid || !Double.isFinite(sum)) {
      section.problem(
          "weights",
          normalize
              ? "sum to %s, by which they cannot be divided".formatted(sum)
              : "sum to %s instead of 1; set normalize = true to divide them by their sum"
                  .formatted(sum));
      return weights;
    }
    List<Double> shares = new ArrayList<>();
    for (double weight : weights) {
      shares.add(normalize ? weight / sum : weight);
    }
    return shares;
  }

  private static List<Double> sized(Settings section, List<Double> weights, int models) {
    if (weights.size() == models) {
      return weights;
    }
    section.problem("weights", "has %d entries for %d models".formatted(weights.size(), models));
    return Collections.nCopies(models, 1.0 / models);
  }

  private static double density(Settings section) {
    return section
        .number("density", "share of each task vector that is kept")
        .in(Range.openClosed(0, 1))
        .orElse(0.5);
  }

  private static boolean rescale(Settings section) {
    return section
        .flag("rescale", "divide what is kept by its chance, so that the expectation stays")
        .orElse(true);
  }

  private static long seed(Settings section) {
    return section.longInteger("seed", "chooses the elements that are dropped").orElse(0L);
  }
}
