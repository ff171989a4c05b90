package org.instella.jobs.merging;

import java.util.List;
import java.util.Locale;
import org.instella.ensemble.search.GreedySoup;
import org.instella.ensemble.search.LineScan;
import org.instella.eval.metric.PairedTest;
import org.instella.eval.plan.TaskResult;

/** A search as Markdown: what goes into docs/results. */
final class SearchMarkdown {
  private final SearchOutcome outcome;
  private final StringBuilder out = new StringBuilder();

  SearchMarkdown(SearchOutcome outcome) {
    this.outcome = outcome;
  }

  String render() {
    SearchOutcome.Sizes sizes = outcome.sizes();
    line("# " + outcome.config().title());
    line("Picked: **%s** (%s).".formatted(outcome.picked(), outcome.config().pick().words()));
    line(
        ("Loss in nats per token. For choosing: %,d documents, %,d tokens. For this table: %,d other"
                + " documents, %,d tokens, and %,d questions. Interval and p of the loss: paired"
                + " bootstrap over documents within their sources, %,d resamples, seed %d, against"
                + " the best individual run on the documents for choosing (%s). p of the tasks:"
                + " exact McNemar over all questions, against the same run. No p is corrected: with"
                + " %d candidates compared, take %.1g for 0.05.")
            .formatted(
                sizes.choosingDocuments(),
                sizes.choosingTokens(),
                sizes.tableDocuments(),
                sizes.tableTokens(),
                sizes.questions(),
                outcome.config().resamples(),
                outcome.config().seed(),
                outcome.best(),
                outcome.rows().size() - 1,
                0.05 / Math.max(1, outcome.rows().size() - 1)));
    table();
    outcome.soup().ifPresent(this::soup);
    weights();
    lines();
    line("## Distances");
    out.append(
        new DistanceReport(outcome.distances(), !outcome.config().base().isEmpty()).markdown());
    return out.toString();
  }

  private void table() {
    List<TaskResult> tasks = outcome.rows().get(0).column().tasks();
    out.append("| Candidate | Choosing | Loss | 95 % | Against best run | 95 % | p |");
    tasks.forEach(task -> out.append(' ').append(task.name()).append(" |"));
    out.append(tasks.isEmpty() ? "\n" : " Tasks against best run | p |\n");
    out.append("| --- |").append(" --- |".repeat(6 + (tasks.isEmpty() ? 0 : tasks.size() + 2)));
    out.append('\n');
    for (SearchRow row : outcome.rows()) {
      String name = row.name().equals(outcome.picked()) ? "**" + row.name() + "**" : row.name();
      out.append(
          text(
              "| %s | %.4f | %.4f | %.4f–%.4f |",
              name, row.choosingLoss(), row.loss(), row.interval().low(), row.interval().high()));
      row.against()
          .ifPresentOrElse(
              against ->
                  out.append(
                      text(
                          " %+.4f | %+.4f to %+.4f | %s |",
                          against.difference(),
                          against.interval().low(),
                          against.interval().high(),
                          probability(against.pValue()))),
              () -> out.append(" – | – | – |"));
      for (TaskResult task : row.column().tasks()) {
        out.append(text(" %.1f |", 100 * task.primary().value()));
      }
      if (!tasks.isEmpty()) {
        out.append(row.allTasks().map(SearchMarkdown::test).orElse(" – | – |"));
      }
      out.append('\n');
    }
    out.append('\n');
  }

  private static String test(PairedTest test) {
    return text(" %+.1f | %s |", 100 * test.difference(), probability(test.pValue()));
  }

  private void soup(GreedySoup.Soup soup) {
    line("## Greedy soup");
    out.append("| Model | Its loss | Soup with it | Joins |\n| --- | --- | --- | --- |\n");
    for (GreedySoup.Trial trial : soup.trials()) {
      out.append(
          text(
              "| %s | %.4f | %.4f | %s |\n",
              outcome.nameOf(trial.model()),
              trial.ownLoss(),
              trial.soupLoss(),
              trial.joined() ? "yes" : "no"));
    }
    out.append('\n');
  }

  private void weights() {
    for (SearchOutcome.Weights found : outcome.weights()) {
      line("## " + found.row().substring(0, 1).toUpperCase(Locale.ROOT) + found.row().substring(1));
      line(
          text(
              "Loss for choosing %.4f, uniform %.4f.",
              found.learned().loss(), found.learned().uniformLoss()));
      out.append("| Tensors |");
      outcome.models().forEach(model -> out.append(' ').append(model).append(" |"));
      out.append("\n| --- |").append(" --- |".repeat(outcome.models().size())).append('\n');
      for (int g = 0; g < found.groups().size(); g++) {
        out.append("| `").append(found.groups().get(g)).append("` |");
        found.learned().weights().get(g).forEach(share -> out.append(text(" %.3f |", share)));
        out.append('\n');
      }
      out.append('\n');
    }
  }

  private void lines() {
    if (outcome.lines().isEmpty()) {
      return;
    }
    line("## Loss along straight lines");
    line("On the documents for choosing; the hump is the rise above the line between the ends.");
    out.append("| Line |");
    outcome.lines().get(0).points().forEach(point -> out.append(text(" %.3g |", point.share())));
    out.append(" Hump |\n| --- |");
    out.append(" --- |".repeat(outcome.lines().get(0).points().size() + 1)).append('\n');
    for (LineScan.Line line : outcome.lines()) {
      out.append("| %s to %s |".formatted(outcome.nameOf(line.from()), outcome.nameOf(line.to())));
      line.points().forEach(point -> out.append(text(" %.4f |", point.loss())));
      out.append(text(" %.4f |\n", line.barrier()));
    }
    out.append('\n');
  }

  private void line(String text) {
    out.append(text).append("\n\n");
  }

  private static String probability(double p) {
    return p < 0.001 ? "< 0.001" : text("%.3f", p);
  }

  private static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
