package org.instella.jobs.merging;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.instella.ensemble.search.LineScan;
import org.instella.eval.loss.DomainLoss;
import org.instella.eval.plan.TaskResult;
import org.instella.eval.report.Html;
import org.instella.eval.report.LineChart;
import org.instella.eval.report.Numbers;
import org.instella.eval.report.ReportStyle;

/** A search for people: one HTML page with style and plots inside, no script, nothing fetched. */
final class SearchHtml {
  private final SearchOutcome outcome;
  private final StringBuilder out = new StringBuilder();

  SearchHtml(SearchOutcome outcome) {
    this.outcome = outcome;
  }

  String render() {
    out.append(head(outcome.config().title()));
    SearchRow picked = outcome.row(outcome.picked());
    SearchRow best = outcome.row(outcome.best());
    out.append("<header class=\"top\"><div class=\"eyebrow\">Weight ensembling</div><h1>");
    out.append(Html.escape(outcome.config().title())).append("</h1><p class=\"lead\">");
    out.append(
        "%d candidates from %d models. Kept: %s, by %s."
            .formatted(
                outcome.rows().size(),
                outcome.models().size(),
                Html.escape(picked.name()),
                Html.escape(outcome.config().pick().words())));
    out.append("</p></header><section class=\"tiles\">");
    tile("Held-out loss, " + picked.name(), Numbers.fixed(picked.loss(), 4), "nats per token");
    tile("Best individual run, " + best.name(), Numbers.fixed(best.loss(), 4), "nats per token");
    picked
        .against()
        .ifPresent(
            against ->
                tile(
                    "Difference",
                    Numbers.signed(against.difference(), 4),
                    "95 %%: %s to %s"
                        .formatted(
                            Numbers.signed(against.interval().low(), 4),
                            Numbers.signed(against.interval().high(), 4))));
    out.append("</section>");
    candidates();
    lines();
    section(
        "How far apart the models are",
        "Per layer. Seeds of one start have cosines near 1; what tells them apart is the cosine of"
            + " what they learned since.");
    out.append(distances().html());
    section("Loss by source", "All held-out documents, nats per token.");
    sources();
    details("What differs between the models", pre(outcome.compatibility().markdown()));
    details("Distances as a table", pre(distances().markdown()));
    out.append("<footer>Documents for choosing and for this table are apart.</footer>");
    return out.append("</main></body></html>\n").toString();
  }

  /** The beginning of a page, up to its content. */
  static String head(String title) {
    return "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
        + "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>"
        + Html.escape(title)
        + "</title><style>"
        + ReportStyle.css()
        + "</style></head><body><main>";
  }

  /** A text as it is. */
  static String pre(String text) {
    return "<pre class=\"mono\">" + Html.escape(text) + "</pre>";
  }

  private DistanceReport distances() {
    return new DistanceReport(outcome.distances(), !outcome.config().base().isEmpty());
  }

  private void candidates() {
    section(
        "Candidates",
        "Loss on documents that did not choose anything, against the best individual run; paired"
            + " bootstrap over documents. Tasks: exact McNemar over all questions. No p is"
            + " corrected for the number of candidates.");
    out.append("<div class=\"card\">").append(new IntervalChart(outcome).render()).append("</div>");
    List<TaskResult> tasks = outcome.rows().get(0).column().tasks();
    out.append("<div class=\"card\" style=\"margin-top:14px\"><table><thead><tr>");
    List<String> heads = new ArrayList<>(List.of("Choosing", "Loss", "95 %", "Against best", "p"));
    tasks.forEach(task -> heads.add(task.name() + " %"));
    if (!tasks.isEmpty()) {
      heads.add("Tasks against best");
      heads.add("p");
    }
    out.append("<th class=\"left\">Candidate</th>");
    heads.forEach(head -> out.append("<th>").append(Html.escape(head)).append("</th>"));
    out.append("</tr></thead><tbody>");
    outcome.rows().forEach(row -> row(row, tasks.isEmpty()));
    out.append("</tbody></table></div>");
  }

  private void row(SearchRow row, boolean withoutTasks) {
    boolean picked = row.name().equals(outcome.picked());
    out.append("<tr><td class=\"name\" style=\"white-space:normal\" title=\"")
        .append(Html.escape(row.how()))
        .append("\">");
    out.append(Html.escape(row.name())).append(picked ? " ●" : "").append("</td>");
    cell(Numbers.fixed(row.choosingLoss(), 4));
    cell(Numbers.fixed(row.loss(), 4));
    cell(
        "%s – %s"
            .formatted(
                Numbers.fixed(row.interval().low(), 3), Numbers.fixed(row.interval().high(), 3)));
    cell(row.against().map(against -> Numbers.signed(against.difference(), 4)).orElse("–"));
    cell(row.against().map(against -> Numbers.probability(against.pValue())).orElse("–"));
    for (TaskResult task : row.column().tasks()) {
      cell(Numbers.percent(task.primary().value()));
    }
    if (!withoutTasks) {
      cell(row.allTasks().map(test -> Numbers.signed(100 * test.difference(), 1)).orElse("–"));
      cell(row.allTasks().map(test -> Numbers.probability(test.pValue())).orElse("–"));
    }
    out.append("</tr>");
  }

  private void lines() {
    if (outcome.lines().isEmpty()) {
      return;
    }
    List<LineChart.Line> lines = new ArrayList<>();
    for (LineScan.Line line : outcome.lines()) {
      lines.add(
          new LineChart.Line(
              outcome.nameOf(line.from()) + " to " + outcome.nameOf(line.to()),
              LineChart.Look.DOTTED,
              LineChart.colour(lines.size()),
              line.points().stream()
                  .map(point -> new LineChart.Point(point.share(), point.loss()))
                  .toList()));
    }
    double hump = outcome.lines().stream().mapToDouble(LineScan.Line::barrier).max().orElse(0);
    section(
        "Loss along straight lines between the models",
        String.format(
            Locale.ROOT,
            "On the documents for choosing. The highest hump above the straight line between two"
                + " ends is %.4f nats per token; without one the models share a basin.",
            hump));
    LineChart.Across across = LineChart.Across.of("share of the second model", List.of());
    out.append("<div class=\"charts\">");
    out.append(new LineChart("Loss along lines", across, lines, List.of()).card());
    out.append("</div>");
  }

  private void sources() {
    out.append("<div class=\"card\"><table><thead><tr><th class=\"left\">Candidate</th>");
    for (DomainLoss loss : outcome.rows().get(0).column().losses()) {
      out.append("<th>").append(Html.escape(loss.domain())).append("</th>");
    }
    out.append("</tr></thead><tbody>");
    for (SearchRow row : outcome.rows()) {
      out.append("<tr><td class=\"name\">").append(Html.escape(row.name())).append("</td>");
      row.column().losses().forEach(loss -> cell(Numbers.fixed(loss.perToken(), 4)));
      out.append("</tr>");
    }
    out.append("</tbody></table></div>");
  }

  private void cell(String text) {
    out.append("<td>").append(text).append("</td>");
  }

  private void tile(String what, String number, String so) {
    out.append("<div class=\"tile\"><div class=\"what\">").append(Html.escape(what));
    out.append("</div><div class=\"number\">").append(number);
    out.append("</div><div class=\"so\">").append(so).append("</div></div>");
  }

  private void section(String title, String note) {
    out.append("<h2>").append(title).append("</h2>");
    out.append("<p class=\"note\">").append(note).append("</p>");
  }

  private void details(String title, String body) {
    out.append("<details><summary>").append(title).append("</summary><div class=\"card\">");
    out.append(body).append("</div></details>");
  }
}
