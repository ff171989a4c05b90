package org.instella.eval.report;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import org.instella.conf.error.DataException;
import org.instella.eval.loss.DomainLoss;
import org.instella.eval.plan.TaskResult;

/**
 * Everything that a report shows.
 *
 * @param about a sentence or two under the title
 * @param date stands in result files; the only thing that differs between equal evaluations
 * @param columns the models; at least one
 * @param curves training losses, may be empty
 * @param configuration resolved settings, flattened
 */
public record ReportContent(
    String title,
    String about,
    Instant date,
    List<ModelColumn> columns,
    List<RunCurve> curves,
    SortedMap<String, String> configuration,
    List<Provenance> provenance) {

  /**
   * @throws DataException if the models did not answer the same tasks and domains
   */
  public ReportContent {
    columns = List.copyOf(columns);
    curves = List.copyOf(curves);
    provenance = List.copyOf(provenance);
    if (columns.isEmpty()) {
      throw new IllegalArgumentException("a report needs at least one model");
    }
    List<String> first = questions(columns.get(0));
    for (ModelColumn column : columns) {
      if (!questions(column).equals(first)) {
        throw new DataException(
            ReportError.COLUMNS_DIFFER,
            "Models %s and %s were not asked the same: %s and %s; evaluate both on the same tasks"
                .formatted(columns.get(0).name(), column.name(), first, questions(column)));
      }
    }
  }

  private static List<String> questions(ModelColumn column) {
    List<String> names = new ArrayList<>();
    for (TaskResult task : column.tasks()) {
      names.add("%s (%d)".formatted(task.name(), task.documents().size()));
    }
    for (DomainLoss loss : column.losses()) {
      names.add("%s (%d)".formatted(loss.domain(), loss.documents().size()));
    }
    return names;
  }
}
