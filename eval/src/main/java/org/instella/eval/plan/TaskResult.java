package org.instella.eval.plan;

import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.instella.eval.metric.Estimate;
import org.instella.eval.metric.Metric;
import org.instella.eval.task.EvalTask;

/**
 * The result of one task.
 *
 * @param task its definition
 * @param name the task's name, or a subtask's
 * @param estimates per metric, in the task's order; the primary one first
 * @param chance accuracy of guessing, empty where there is nothing to guess among
 * @param documents in order; of all subtasks for a split task
 * @param subtasks results by subtask, empty for a task that is not split
 */
public record TaskResult(
    EvalTask task,
    String name,
    Map<Metric, Estimate> estimates,
    OptionalDouble chance,
    List<DocumentResult> documents,
    List<TaskResult> subtasks) {

  /** The number that stands in tables. */
  public Estimate primary() {
    return estimates.get(task.primaryMetric());
  }

  /** Values of the primary metric, document by document, for paired tests. */
  public double[] primaryValues() {
    String id = task.primaryMetric().id();
    return documents.stream().mapToDouble(document -> document.values().get(id)).toArray();
  }
}
