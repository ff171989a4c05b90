package org.instella.eval.report;

import java.util.List;
import java.util.OptionalDouble;
import java.util.SortedMap;
import org.instella.eval.loss.DomainLoss;
import org.instella.eval.plan.TaskResult;

/**
 * One model of a report: a column of its tables.
 *
 * @param name short, as a column head: {@code stage 1}, {@code seed 5796}, {@code merged}
 * @param tasks results of the tasks, the same tasks in the same order in every column
 * @param losses losses on held-out text, the same domains in the same order in every column
 * @param facts what else is worth knowing: folder, digest, parameters
 */
public record ModelColumn(
    String name,
    Role role,
    List<TaskResult> tasks,
    List<DomainLoss> losses,
    SortedMap<String, String> facts) {
  public ModelColumn {
    tasks = List.copyOf(tasks);
    losses = List.copyOf(losses);
  }

  /** What a model is in its programme; decides colour and comparisons, never a number. */
  public enum Role {
    BASE,
    SEED,
    MERGED,
    OTHER
  }

  /** Loss over all domains together, tokens weighing equally; empty without domains. */
  OptionalDouble totalLoss() {
    double nats = losses.stream().mapToDouble(DomainLoss::nats).sum();
    long tokens = losses.stream().mapToLong(DomainLoss::tokens).sum();
    return tokens == 0 ? OptionalDouble.empty() : OptionalDouble.of(nats / tokens);
  }

  /** Mean of the tasks' primary accuracies, each task weighing equally; empty without tasks. */
  OptionalDouble meanAccuracy() {
    return tasks.stream()
        .filter(task -> task.task().primaryMetric().higherIsBetter())
        .mapToDouble(task -> task.primary().value())
        .average();
  }
}
