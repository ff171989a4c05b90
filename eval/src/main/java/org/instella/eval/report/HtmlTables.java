package org.instella.eval.report;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.instella.eval.loss.DomainLoss;
import org.instella.eval.metric.Estimate;
import org.instella.eval.plan.TaskResult;

/** The tables of the HTML report. */
final class HtmlTables {
  private final List<ModelColumn> columns;
  private final ReportColours colours;

  HtmlTables(List<ModelColumn> columns, ReportColours colours) {
    this.columns = columns;
    this.colours = colours;
  }

  /** Held-out loss, one row a source. */
  String losses() {
    StringBuilder out = new StringBuilder("<div class=\"card\"><table>");
    head(out, "<th class=\"left\">Source</th><th>Tokens</th>");
    List<DomainLoss> domains = columns.get(0).losses();
    for (int i = 0; i < domains.size(); i++) {
      int domain = i;
      row(
          out,
          "",
          "<td class=\"name\">%s</td><td class=\"sub\">%s</td>"
              .formatted(
                  Html.escape(domains.get(i).domain()), Numbers.count(domains.get(i).tokens())),
          column -> column.losses().get(domain).perToken(),
          column -> lossCell(column.losses().get(domain)),
          false);
    }
    long tokens = domains.stream().mapToLong(DomainLoss::tokens).sum();
    row(
        out,
        "total",
        "<td class=\"name\">all sources</td><td class=\"sub\">%s</td>"
            .formatted(Numbers.count(tokens)),
        column -> column.totalLoss().orElseThrow(),
        column -> Numbers.fixed(column.totalLoss().orElseThrow(), 4) + bits(column),
        false);
    return out.append("</tbody></table></div>").toString();
  }

  private static String lossCell(DomainLoss loss) {
    return "%s<small>%s</small>"
        .formatted(Numbers.fixed(loss.perToken(), 4), Numbers.fixed(loss.bitsPerByte(), 3));
  }

  private static String bits(ModelColumn column) {
    double nats = column.losses().stream().mapToDouble(DomainLoss::nats).sum();
    long bytes = column.losses().stream().mapToLong(DomainLoss::bytes).sum();
    return "<small>%s</small>".formatted(Numbers.fixed(nats / (Math.log(2) * bytes), 3));
  }

  /** Task scores, one row a task. */
  String tasks() {
    StringBuilder out = new StringBuilder("<div class=\"card\"><table>");
    head(
        out,
        "<th class=\"left\">Task</th><th class=\"left\">Metric</th><th>Questions</th>"
            + "<th>Chance</th>");
    List<TaskResult> tasks = columns.get(0).tasks();
    for (int i = 0; i < tasks.size(); i++) {
      int task = i;
      boolean share = tasks.get(i).task().primaryMetric().higherIsBetter();
      row(
          out,
          "",
          taskHead(tasks.get(i)),
          column -> column.tasks().get(task).primary().value(),
          column -> taskCell(column.tasks().get(task).primary(), share),
          share);
    }
    if (columns.get(0).meanAccuracy().isPresent() && tasks.size() > 1) {
      row(
          out,
          "total",
          "<td class=\"name\">mean of tasks</td><td></td><td></td><td></td>",
          column -> column.meanAccuracy().orElseThrow(),
          column -> Numbers.percent(column.meanAccuracy().orElseThrow()),
          true);
    }
    return out.append("</tbody></table></div>").toString();
  }

  private static String taskHead(TaskResult task) {
    return ("<td class=\"name\" title=\"%s\">%s</td><td class=\"left sub\">%s</td>"
            + "<td class=\"sub\">%s</td><td class=\"sub\">%s</td>")
        .formatted(
            Html.escape(task.task().about()),
            Html.escape(task.name()),
            task.task().primaryMetric().id(),
            Numbers.count(task.documents().size()),
            task.chance().isPresent() ? Numbers.percent(task.chance().getAsDouble()) : "");
  }

  private static String taskCell(Estimate estimate, boolean share) {
    return share
        ? "%s<small>%s</small>"
            .formatted(Numbers.percent(estimate.value()), Numbers.percentError(estimate))
        : "%s<small>%s</small>"
            .formatted(Numbers.fixed(estimate.value(), 4), Numbers.error(estimate, 4));
  }

  /** The subject against every other model, paired. */
  String comparisons(ModelColumn subject) {
    StringBuilder out =
        new StringBuilder(
            "<div class=\"card\"><table><thead><tr><th class=\"left\">%s against</th>"
                .formatted(Html.escape(subject.name())));
    out.append("<th>Loss, nats per token</th><th>95 % interval</th>");
    out.append("<th>Accuracy, points</th><th>95 % interval</th><th>p</th></tr></thead><tbody>");
    for (ModelColumn other : columns) {
      if (other != subject) {
        out.append("<tr><td class=\"name\">").append(swatch(other)).append("</td>");
        comparison(out, Comparison.of(other, subject));
        out.append("</tr>");
      }
    }
    return out.append("</tbody></table></div>").toString();
  }

  private static void comparison(StringBuilder out, Comparison comparison) {
    comparison
        .loss()
        .ifPresentOrElse(
            d ->
                out.append(
                    "<td class=\"%s\">%s</td><td class=\"sub\">%s … %s</td>"
                        .formatted(
                            verdict(d.significant(), d.value() < 0),
                            Numbers.signed(d.value(), 4),
                            Numbers.signed(d.interval().low(), 4),
                            Numbers.signed(d.interval().high(), 4))),
            () -> out.append("<td></td><td></td>"));
    comparison
        .accuracy()
        .ifPresentOrElse(
            t ->
                out.append(
                    "<td class=\"%s\">%s</td><td class=\"sub\">%s … %s</td><td>%s</td>"
                        .formatted(
                            verdict(t.pValue() < 0.05, t.difference() > 0),
                            Numbers.signed(100 * t.difference(), 1),
                            Numbers.signed(100 * t.interval().low(), 1),
                            Numbers.signed(100 * t.interval().high(), 1),
                            Numbers.probability(t.pValue()))),
            () -> out.append("<td></td><td></td><td></td>"));
  }

  /** Colour only where the difference is more than chance. */
  private static String verdict(boolean significant, boolean better) {
    return significant ? better ? "good" : "bad" : "";
  }

  /** Keys and values, for configuration and facts. */
  static String pairs(Map<String, String> values) {
    StringBuilder out = new StringBuilder("<table><tbody>");
    values.forEach(
        (key, value) ->
            out.append(
                "<tr><td class=\"mono\">%s</td><td class=\"mono\">%s</td></tr>"
                    .formatted(Html.escape(key), Html.escape(value))));
    return out.append("</tbody></table>").toString();
  }

  private void head(StringBuilder out, String first) {
    out.append("<thead><tr>").append(first);
    for (ModelColumn column : columns) {
      out.append("<th%s>%s</th>".formatted(classOf(column, ""), swatch(column)));
    }
    out.append("</tr></thead><tbody>");
  }

  private String swatch(ModelColumn column) {
    return "<span class=\"swatch\" style=\"%s\"></span>%s"
        .formatted(colours.style(column.name()), Html.escape(column.name()));
  }

  private void row(
      StringBuilder out,
      String rowClass,
      String head,
      ToDoubleFunction<ModelColumn> value,
      Function<ModelColumn, String> cell,
      boolean higherIsBetter) {
    double[] values = columns.stream().mapToDouble(value).toArray();
    List<Integer> best = Comparison.best(values, higherIsBetter);
    boolean mark = best.size() < values.length;
    out.append(rowClass.isEmpty() ? "<tr>" : "<tr class=\"" + rowClass + "\">").append(head);
    for (int i = 0; i < values.length; i++) {
      ModelColumn column = columns.get(i);
      String marked = mark && best.contains(i) ? "best" : "";
      out.append("<td%s>%s</td>".formatted(classOf(column, marked), cell.apply(column)));
    }
    out.append("</tr>");
  }

  private String classOf(ModelColumn column, String more) {
    boolean wash = column.role() == ModelColumn.Role.MERGED && columns.size() > 1;
    String classes = ((wash ? "merged " : "") + more).strip();
    return classes.isEmpty() ? "" : " class=\"" + classes + "\"";
  }
}
