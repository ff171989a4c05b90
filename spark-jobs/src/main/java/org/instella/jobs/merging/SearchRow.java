package org.instella.jobs.merging;

import java.util.List;
import java.util.Optional;
import org.instella.ensemble.MergeConfig;
import org.instella.eval.metric.Interval;
import org.instella.eval.metric.PairedTest;
import org.instella.eval.report.ModelColumn;
import org.instella.jobs.merging.DocumentBootstrap.Difference;

/**
 * One candidate of a search with all its numbers.
 *
 * @param merge how it is made; empty for an individual run
 * @param how the same in words
 * @param choosingLoss nats per token of the documents for choosing
 * @param loss nats per token of the other documents
 * @param interval of {@code loss}, 95 %, by bootstrap over documents
 * @param against {@code loss} against the best individual run's; empty for that run itself
 * @param column task scores and the losses of all documents
 * @param tasks paired tests against the best individual run, one per task; empty for that run
 * @param allTasks the same over the questions of all tasks
 */
record SearchRow(
    String name,
    Optional<MergeConfig> merge,
    String how,
    double choosingLoss,
    double loss,
    Interval interval,
    Optional<Difference> against,
    ModelColumn column,
    List<PairedTest> tasks,
    Optional<PairedTest> allTasks) {
  SearchRow {
    tasks = List.copyOf(tasks);
  }

  /** Mean of the tasks' primary scores. */
  double meanScore() {
    return column.tasks().stream()
        .mapToDouble(task -> task.primary().value())
        .average()
        .orElseThrow(() -> new IllegalStateException("no tasks"));
  }

  boolean single() {
    return merge.isEmpty();
  }
}
