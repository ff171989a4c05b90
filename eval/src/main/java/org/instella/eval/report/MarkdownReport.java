package org.instella.eval.report;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.Function;
import org.instella.eval.loss.DomainLoss;
import org.instella.eval.metric.Estimate;
import org.instella.eval.plan.TaskResult;

/** The tables of a report as Markdown, for a commit or an issue. */
final class MarkdownReport {
  private final ReportContent content;
  private final StringBuilder out = new StringBuilder();

  private MarkdownReport(ReportContent content) {
    this.content = content;
  }

  static String render(ReportContent content) {
    MarkdownReport report = new MarkdownReport(content);
    report.write();
    return report.out.toString();
  }

  private void write() {
    out.append("# ").append(content.title()).append("\n\n").append(content.about()).append("\n\n");
    if (!content.columns().get(0).losses().isEmpty()) {
      writeLosses();
    }
    if (!content.columns().get(0).tasks().isEmpty()) {
      writeTasks();
    }
    writeComparisons();
    writeModels();
  }

  private void writeLosses() {
    out.append("## Held-out loss (nats per token, lower is better)\n\n");
    header(List.of("Source", "Tokens"));
    List<DomainLoss> domains = content.columns().get(0).losses();
    for (int i = 0; i < domains.size(); i++) {
      int domain = i;
      row(
          List.of(domains.get(i).domain(), Numbers.count(domains.get(i).tokens())),
          column -> column.losses().get(domain).perToken(),
          column -> Numbers.fixed(column.losses().get(domain).perToken(), 4),
          false);
    }
    long tokens = domains.stream().mapToLong(DomainLoss::tokens).sum();
    row(
        List.of("**all**", Numbers.count(tokens)),
        column -> column.totalLoss().orElseThrow(),
        column -> Numbers.fixed(column.totalLoss().orElseThrow(), 4),
        false);
    out.append("\n## Bits per byte\n\n");
    header(List.of("Source", "Bytes"));
    for (int i = 0; i < domains.size(); i++) {
      int domain = i;
      row(
          List.of(domains.get(i).domain(), Numbers.count(domains.get(i).bytes())),
          column -> column.losses().get(domain).bitsPerByte(),
          column -> Numbers.fixed(column.losses().get(domain).bitsPerByte(), 4),
          false);
    }
    out.append('\n');
  }

  private void writeTasks() {
    out.append("## Tasks (percent, ± standard error)\n\n");
    header(List.of("Task", "Metric", "n", "Chance"));
    List<TaskResult> tasks = content.columns().get(0).tasks();
    for (int i = 0; i < tasks.size(); i++) {
      int task = i;
      boolean share = tasks.get(i).task().primaryMetric().higherIsBetter();
      row(
          taskHead(tasks.get(i)),
          column -> column.tasks().get(task).primary().value(),
          column -> value(column.tasks().get(task).primary(), share),
          share);
    }
    if (content.columns().get(0).meanAccuracy().isPresent() && tasks.size() > 1) {
      row(
          List.of("**mean**", "", "", ""),
          column -> column.meanAccuracy().orElseThrow(),
          column -> Numbers.percent(column.meanAccuracy().orElseThrow()),
          true);
    }
    out.append('\n');
  }

  private static List<String> taskHead(TaskResult task) {
    OptionalDouble chance = task.chance();
    return List.of(
        task.name(),
        task.task().primaryMetric().id(),
        Numbers.count(task.documents().size()),
        chance.isPresent() ? Numbers.percent(chance.getAsDouble()) : "");
  }

  private static String value(Estimate estimate, boolean share) {
    return share
        ? Numbers.percent(estimate.value()) + " " + Numbers.percentError(estimate)
        : Numbers.fixed(estimate.value(), 4) + " " + Numbers.error(estimate, 4);
  }

  private void writeComparisons() {
    Comparison.subject(content.columns())
        .ifPresent(
            subject -> {
              out.append("## ").append(subject.name()).append(" against the others\n\n");
              out.append(
                  "Paired over the same documents: difference with 95 % interval; p by McNemar.\n\n");
              out.append("| Against | Loss, nats per token | Accuracy, points | p |\n");
              out.append("|---|---|---|---|\n");
              for (ModelColumn other : content.columns()) {
                if (other != subject) {
                  writeComparison(other.name(), Comparison.of(other, subject));
                }
              }
              out.append('\n');
            });
  }

  private void writeComparison(String name, Comparison comparison) {
    String loss =
        comparison
            .loss()
            .map(
                d ->
                    "%s [%s, %s]"
                        .formatted(
                            Numbers.signed(d.value(), 4),
                            Numbers.signed(d.interval().low(), 4),
                            Numbers.signed(d.interval().high(), 4)))
            .orElse("");
    String accuracy =
        comparison
            .accuracy()
            .map(
                t ->
                    "%s [%s, %s] | %s"
                        .formatted(
                            Numbers.signed(100 * t.difference(), 1),
                            Numbers.signed(100 * t.interval().low(), 1),
                            Numbers.signed(100 * t.interval().high(), 1),
                            Numbers.probability(t.pValue())))
            .orElse(" | ");
    out.append("| %s | %s | %s |%n".formatted(name, loss, accuracy).replace("\r", ""));
  }

  private void writeModels() {
    out.append("## Models\n\n");
    for (ModelColumn column : content.columns()) {
      out.append("- **").append(column.name()).append("**");
      column
          .facts()
          .forEach((key, value) -> out.append("; ").append(key).append(" ").append(value));
      out.append('\n');
    }
  }

  private void header(List<String> first) {
    List<String> names = new ArrayList<>(first);
    content.columns().forEach(column -> names.add(column.name()));
    out.append("| ").append(String.join(" | ", names)).append(" |\n");
    out.append("|---".repeat(first.size())).append("|---:".repeat(content.columns().size()));
    out.append("|\n");
  }

  private void row(
      List<String> head,
      Function<ModelColumn, Double> value,
      Function<ModelColumn, String> text,
      boolean higherIsBetter) {
    double[] values = content.columns().stream().mapToDouble(value::apply).toArray();
    List<Integer> best = Comparison.best(values, higherIsBetter);
    List<String> cells = new ArrayList<>(head);
    for (int i = 0; i < values.length; i++) {
      String cell = text.apply(content.columns().get(i)).strip();
      boolean marked = best.contains(i) && values.length > 1 && best.size() < values.length;
      cells.add(marked ? "**" + cell + "**" : cell);
    }
    out.append("| ").append(String.join(" | ", cells)).append(" |\n");
  }
}
