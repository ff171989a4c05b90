package org.instella.eval.report;

import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.instella.eval.loss.DomainLoss;
import org.instella.eval.plan.TaskResult;

/**
 * The report for people: one HTML page with its style and its charts inside, no script, nothing
 * fetched. Follows the reader's light or dark setting.
 */
final class HtmlReport {
  private final ReportContent content;
  private final List<ModelColumn> columns;
  private final ReportColours colours;
  private final HtmlTables tables;
  private final StringBuilder out = new StringBuilder();

  HtmlReport(ReportContent content) {
    this.content = content;
    this.columns = content.columns();
    this.colours = new ReportColours(content);
    this.tables = new HtmlTables(columns, colours);
  }

  String render() {
    out.append("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">");
    out.append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
    out.append("<title>").append(Html.escape(content.title())).append("</title><style>");
    out.append(ReportStyle.css()).append("</style></head><body><main>");
    writeTop();
    writeTiles();
    if (!content.curves().isEmpty()) {
      writeCurves();
    }
    if (hasLosses()) {
      writeLosses();
    }
    if (hasTasks()) {
      writeTasks();
    }
    Comparison.subject(columns).ifPresent(this::writeComparisons);
    writeDetails();
    out.append("<footer>Instella on Spark. Scores are a function of model and question alone:");
    out.append(" the number of partitions and batches changes no digit.</footer>");
    return out.append("</main></body></html>\n").toString();
  }

  private boolean hasLosses() {
    return !columns.get(0).losses().isEmpty();
  }

  private boolean hasTasks() {
    return !columns.get(0).tasks().isEmpty();
  }

  private void writeTop() {
    String date =
        DateTimeFormatter.ofPattern("d MMMM yyyy, HH:mm 'UTC'", Locale.ENGLISH)
            .withZone(ZoneOffset.UTC)
            .format(content.date());
    out.append("<header class=\"top\"><div class=\"eyebrow\">Evaluation report · ");
    out.append(date).append("</div><h1>").append(Html.escape(content.title())).append("</h1>");
    out.append("<p class=\"lead\">").append(Html.escape(content.about())).append("</p></header>");
  }

  private void writeTiles() {
    ModelColumn subject = Comparison.subject(columns).orElse(columns.get(0));
    out.append("<section class=\"tiles\">");
    subject.totalLoss().ifPresent(loss -> lossTile(subject, loss));
    subject.meanAccuracy().ifPresent(accuracy -> accuracyTile(subject, accuracy));
    long questions = subject.tasks().stream().mapToLong(task -> task.documents().size()).sum();
    long tokens = subject.losses().stream().mapToLong(DomainLoss::tokens).sum();
    List<String> size = new ArrayList<>();
    if (questions > 0) {
      size.add(Numbers.count(questions) + " questions");
    }
    if (tokens > 0) {
      size.add(Numbers.count(tokens) + " held-out tokens");
    }
    String models = columns.size() == 1 ? "model" : "models";
    tile(
        "Evaluated",
        "%d <small>%s</small>".formatted(columns.size(), models),
        String.join(", ", size) + (columns.size() == 1 ? "" : " each"));
    out.append("</section>");
  }

  private void lossTile(ModelColumn subject, double loss) {
    String so = "perplexity " + Numbers.fixed(Math.exp(loss), 2);
    Optional<ModelColumn> best = Comparison.bestSeed(columns);
    if (best.isPresent() && best.get() != subject) {
      double difference = loss - best.get().totalLoss().orElseThrow();
      so =
          "<span class=\"%s\">%s</span> against the best seed (%s)"
              .formatted(
                  difference < 0 ? "good" : "bad",
                  Numbers.signed(difference, 4),
                  Html.escape(best.get().name()));
    }
    tile(
        "Held-out loss, " + Html.escape(subject.name()),
        Numbers.fixed(loss, 4) + " <small>nats per token</small>",
        so);
  }

  private void accuracyTile(ModelColumn subject, double accuracy) {
    OptionalDouble chance =
        subject.tasks().stream()
            .filter(task -> task.chance().isPresent())
            .mapToDouble(task -> task.chance().getAsDouble())
            .average();
    String so =
        chance.isPresent()
            ? "guessing gives " + Numbers.percent(chance.getAsDouble()) + " %"
            : "mean of tasks";
    OptionalDouble seeds =
        columns.stream()
            .filter(column -> column.role() == ModelColumn.Role.SEED)
            .mapToDouble(column -> column.meanAccuracy().orElseThrow())
            .average();
    if (seeds.isPresent() && subject.role() == ModelColumn.Role.MERGED) {
      so = "seeds on average " + Numbers.percent(seeds.getAsDouble()) + " %; " + so;
    }
    tile(
        "Mean of tasks, " + Html.escape(subject.name()),
        Numbers.percent(accuracy) + " <small>%</small>",
        so);
  }

  private void tile(String what, String number, String so) {
    out.append("<div class=\"tile\"><div class=\"what\">").append(what);
    out.append("</div><div class=\"number\">").append(number);
    out.append("</div><div class=\"so\">").append(so).append("</div></div>");
  }

  private void writeCurves() {
    section(
        "Training loss",
        "Loss of every step, faint, and its running mean over a twenty-fifth of the run.");
    Map<String, List<RunCurve>> panels = new LinkedHashMap<>();
    for (RunCurve curve : content.curves()) {
      if (curve.points().size() > 1) {
        panels.computeIfAbsent(curve.panel(), name -> new ArrayList<>()).add(curve);
      }
    }
    out.append("<div class=\"charts\">");
    panels.forEach(
        (panel, curves) -> {
          out.append("<div class=\"card\"><p class=\"chart-title\">").append(Html.escape(panel));
          out.append("</p>").append(legend(curves.stream().map(RunCurve::name).toList()));
          out.append(new LossChart(curves, colours).render()).append("</div>");
        });
    out.append("</div>");
  }

  private String legend(List<String> names) {
    StringBuilder legend = new StringBuilder("<div class=\"legend\">");
    for (String name : names) {
      legend.append(
          "<span style=\"%s\">%s</span>".formatted(colours.style(name), Html.escape(name)));
    }
    return legend.append("</div>").toString();
  }

  private void writeLosses() {
    section(
        "Held-out loss by source",
        "Nats per token, lower is better; small: bits per byte. A dot marks the best of a row.");
    out.append(tables.losses());
    if (columns.size() > 1) {
      out.append("<div class=\"card\" style=\"margin-top:14px\"><p class=\"chart-title\">");
      out.append("Difference to ").append(Html.escape(columns.get(0).name()));
      out.append(", with 95 % interval over documents</p>");
      out.append(legend(columns.stream().skip(1).map(ModelColumn::name).toList()));
      out.append(new DifferenceChart(columns, colours).render()).append("</div>");
    }
  }

  private void writeTasks() {
    section(
        "Tasks",
        "Primary metric of each task in percent, ± one standard error. Differences smaller than"
            + " about two of them are noise; the paired test below sees more.");
    out.append(tables.tasks());
  }

  private void writeComparisons(ModelColumn subject) {
    section(
        "Does it differ?",
        "Paired over the same documents and questions. Loss: interval of a ratio over documents;"
            + " accuracy: bootstrap interval and exact McNemar test over all questions together."
            + " Coloured only where it is more than chance.");
    out.append(tables.comparisons(subject));
  }

  private void writeDetails() {
    section("What this rests on", "");
    details("Models", modelFacts());
    details("Tasks and versions", taskFacts());
    if (!content.provenance().isEmpty()) {
      details("Artefacts", provenance());
    }
    if (!content.configuration().isEmpty()) {
      details("Resolved configuration", HtmlTables.pairs(content.configuration()));
    }
  }

  private String modelFacts() {
    StringBuilder text = new StringBuilder();
    for (ModelColumn column : columns) {
      text.append("<p class=\"chart-title\">").append(Html.escape(column.name())).append("</p>");
      text.append(HtmlTables.pairs(column.facts()));
    }
    return text.toString();
  }

  private String taskFacts() {
    Map<String, String> facts = new LinkedHashMap<>();
    for (TaskResult task : columns.get(0).tasks()) {
      facts.put(
          task.name(),
          "version %d, %d shots; %s"
              .formatted(
                  task.task().version(), task.task().fewShot().count(), task.task().about()));
    }
    for (DomainLoss loss : columns.get(0).losses()) {
      facts.put(
          "held-out " + loss.domain(),
          "%s documents, %s tokens, %s bytes"
              .formatted(
                  Numbers.count(loss.documents().size()),
                  Numbers.count(loss.tokens()),
                  Numbers.count(loss.bytes())));
    }
    return HtmlTables.pairs(facts);
  }

  private String provenance() {
    StringBuilder table =
        new StringBuilder(
            "<table><thead><tr><th>Artefact</th><th>Kind</th><th>Manifest sha256</th>"
                + "<th>Made from</th></tr></thead><tbody>");
    for (Provenance entry : content.provenance()) {
      List<String> inputs = new ArrayList<>();
      entry.inputs().forEach((name, digest) -> inputs.add(name + " " + shortened(digest)));
      table.append(
          "<tr><td>%s</td><td>%s</td><td class=\"mono\">%s</td><td class=\"mono\">%s</td></tr>"
              .formatted(
                  Html.escape(entry.name()),
                  Html.escape(entry.kind()),
                  Html.escape(shortened(entry.digest())),
                  Html.escape(String.join(", ", inputs))));
    }
    return table.append("</tbody></table>").toString();
  }

  private static String shortened(String digest) {
    return digest.length() > 16 ? digest.substring(0, 16) + "…" : digest;
  }

  private void details(String title, String body) {
    out.append("<details><summary>").append(title).append("</summary><div class=\"card\">");
    out.append(body).append("</div></details>");
  }

  private void section(String title, String note) {
    out.append("<h2>").append(title).append("</h2>");
    if (!note.isEmpty()) {
      out.append("<p class=\"note\">").append(note).append("</p>");
    }
  }
}
