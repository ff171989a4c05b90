package org.instella.eval.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.instella.eval.loss.DomainLoss;
import org.instella.eval.metric.Interval;
import org.instella.eval.metric.PairedTest;
import org.instella.eval.plan.TaskResult;
import org.instella.eval.request.TextLoss;

/**
 * Two models on the same documents, as a report shows it.
 *
 * @param loss held-out loss per token, second minus first; empty without held-out text
 * @param accuracy primary accuracies over all questions together; empty without tasks
 */
record Comparison(Optional<Difference> loss, Optional<PairedTest> accuracy) {
  private static final long SEED = 1234;
  private static final double NORMAL_95 = 1.959963984540054;

  /** A difference in nats per token with its 95 % interval. */
  record Difference(double value, Interval interval) {
    /** Whether the interval leaves out zero. */
    boolean significant() {
      return interval.low() > 0 || interval.high() < 0;
    }
  }

  static Comparison of(ModelColumn first, ModelColumn second) {
    return new Comparison(lossDifference(first.losses(), second.losses()), accuracy(first, second));
  }

  /** One domain, or several as if they were one. */
  static Optional<Difference> lossDifference(List<DomainLoss> first, List<DomainLoss> second) {
    List<TextLoss> a = documents(first);
    List<TextLoss> b = documents(second);
    long tokens = a.stream().mapToLong(TextLoss::tokens).sum();
    if (tokens == 0) {
      return Optional.empty();
    }
    int n = a.size();
    double[] differences =
        IntStream.range(0, n).mapToDouble(i -> b.get(i).nats() - a.get(i).nats()).toArray();
    double ratio = Arrays.stream(differences).sum() / tokens;
    double squares = 0;
    for (int i = 0; i < n; i++) {
      double residual = differences[i] - ratio * a.get(i).tokens();
      squares += residual * residual;
    }
    double half = n < 2 ? Double.NaN : NORMAL_95 * Math.sqrt(squares * n / (n - 1)) / tokens;
    return Optional.of(new Difference(ratio, new Interval(ratio - half, ratio + half)));
  }

  private static List<TextLoss> documents(List<DomainLoss> losses) {
    return losses.stream().flatMap(loss -> loss.documents().stream()).toList();
  }

  private static Optional<PairedTest> accuracy(ModelColumn first, ModelColumn second) {
    double[] a = accuracies(first);
    double[] b = accuracies(second);
    return a.length == 0 ? Optional.empty() : Optional.of(PairedTest.of(a, b, SEED));
  }

  private static double[] accuracies(ModelColumn column) {
    return column.tasks().stream()
        .filter(task -> task.task().primaryMetric().higherIsBetter())
        .flatMapToDouble(task -> Arrays.stream(task.primaryValues()))
        .toArray();
  }

  /** The model that others are compared with: the merged one, else the last of several. */
  static Optional<ModelColumn> subject(List<ModelColumn> columns) {
    List<ModelColumn> merged =
        columns.stream().filter(column -> column.role() == ModelColumn.Role.MERGED).toList();
    if (!merged.isEmpty()) {
      return Optional.of(merged.get(merged.size() - 1));
    }
    return columns.size() < 2 ? Optional.empty() : Optional.of(columns.get(columns.size() - 1));
  }

  /** The seed with the lowest held-out loss. */
  static Optional<ModelColumn> bestSeed(List<ModelColumn> columns) {
    List<ModelColumn> seeds = new ArrayList<>(columns);
    seeds.removeIf(
        column -> column.role() != ModelColumn.Role.SEED || column.totalLoss().isEmpty());
    return seeds.stream()
        .min(Comparator.comparingDouble(column -> column.totalLoss().orElseThrow()));
  }

  /** Indices of the columns with the best primary value of one task. */
  static List<Integer> bestOf(List<ModelColumn> columns, int task) {
    TaskResult any = columns.get(0).tasks().get(task);
    boolean higher = any.task().primaryMetric().higherIsBetter();
    double[] values =
        columns.stream().mapToDouble(c -> c.tasks().get(task).primary().value()).toArray();
    return best(values, higher);
  }

  /** Indices of the largest or the smallest values. */
  static List<Integer> best(double[] values, boolean higher) {
    double best =
        higher
            ? Arrays.stream(values).max().orElse(Double.NaN)
            : Arrays.stream(values).min().orElse(Double.NaN);
    return IntStream.range(0, values.length).filter(i -> values[i] == best).boxed().toList();
  }
}
