package org.instella.jobs.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.instella.conf.manifest.Manifest;
import org.instella.eval.report.Html;
import org.instella.eval.report.Numbers;
import org.instella.jobs.progress.RunClock;
import org.instella.train.RollBack;
import org.instella.train.checkpoint.Checkpoints;
import org.instella.train.journal.Goodput;
import org.instella.train.journal.JournalEntry;

/** The page of {@link TrainReport}. */
final class TrainReportPage {
  private static final List<String> PARTS =
      List.of("--good", "--seed-3", "--seed-0", "--seed-1", "--merged", "--seed-4", "--faint");
  private static final int DOCUMENTS = 6;
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("d MMM yyyy, HH:mm:ss 'UTC'", Locale.ENGLISH)
          .withZone(ZoneOffset.UTC);

  private final RunView run;
  private final PlanComparison plan;
  private final StringBuilder out = new StringBuilder();

  TrainReportPage(RunView run, PlanComparison plan) {
    this.run = run;
    this.plan = plan;
  }

  String render() {
    String title = "Training run " + run.folder().name();
    out.append("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">");
    out.append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
    out.append("<title>").append(Html.escape(title)).append("</title><style>");
    out.append(style()).append("</style></head><body><main><header class=\"top\">");
    out.append("<div class=\"eyebrow\">Training report · ").append(when()).append("</div><h1>");
    out.append(Html.escape(title)).append("</h1><p class=\"lead\">");
    out.append(Html.escape(run.status())).append("</p></header>");
    writeTiles();
    writeGoodput();
    List<String> charts = TrainReport.charts(run);
    if (!charts.isEmpty()) {
      section("Curves", "A dot marks a loss spike.");
      out.append("<div class=\"charts\">").append(String.join("", charts)).append("</div>");
    }
    writeIncidents();
    writeRollBacks();
    writePlan();
    writeCheckpoints();
    writeJournal();
    run.manifest().ifPresent(this::writeProvenance);
    out.append("<footer>Instella on Spark. Made from the run's folder alone.</footer>");
    return out.append("</main></body></html>\n").toString();
  }

  private String when() {
    return run.journal().isEmpty()
        ? ""
        : TIME.format(Instant.ofEpochMilli(run.journal().get(run.journal().size() - 1).millis()));
  }

  private void writeTiles() {
    out.append("<section class=\"tiles\">");
    run.last()
        .ifPresent(
            last -> {
              tile(
                  "Step",
                  Numbers.count(last.step()),
                  "of " + run.fact("steps").map(s -> Numbers.count(Long.parseLong(s))).orElse("?"));
              tile("Loss", Numbers.fixed(last.loss(), 4), heldOut());
              tile(
                  "Tokens per second",
                  Numbers.count(Math.round(run.medianTokensPerSecond())),
                  "median; %s x %s"
                      .formatted(
                          run.fact("ranks").orElse("?"),
                          Html.escape(run.fact("device").orElse("?"))));
              tile(
                  "MFU",
                  Numbers.fixed(100 * last.mfu(), 1) + " <small>%</small>",
                  Numbers.fixed(100 * last.mfuFull(), 1) + " % with full attention");
            });
    Goodput goodput = run.goodput();
    tile(
        "Goodput",
        Numbers.fixed(100 * goodput.share(goodput.compute()), 1) + " <small>%</small>",
        "of %s; %d restarts".formatted(RunClock.text(goodput.total()), run.restarts()));
    out.append("</section>");
  }

  private String heldOut() {
    if (run.heldOut().isEmpty()) {
      return "training";
    }
    Map<String, Double> newest = run.heldOut().get(run.heldOut().lastKey());
    double mean = newest.values().stream().mapToDouble(x -> x).average().orElse(Double.NaN);
    return "held-out " + Numbers.fixed(mean, 4);
  }

  private void tile(String what, String number, String so) {
    out.append("<div class=\"tile\"><div class=\"what\">").append(what);
    out.append("</div><div class=\"number\">").append(number);
    out.append("</div><div class=\"so\">").append(so).append("</div></div>");
  }

  /** One bar for the whole wall time. */
  private void writeGoodput() {
    Goodput goodput = run.goodput();
    if (goodput.total() <= 0) {
      return;
    }
    section("Where the time went", "Wall time over all attempts; the parts add up to it.");
    StringBuilder bar = new StringBuilder();
    StringBuilder legend = new StringBuilder("<div class=\"legend\">");
    double at = 0;
    int part = 0;
    for (Map.Entry<String, Double> entry : goodput.parts().entrySet()) {
      String colour = PARTS.get(part++);
      double width = 1000 * goodput.share(entry.getValue());
      bar.append(
          String.format(
              Locale.ROOT,
              "<rect x=\"%.2f\" y=\"0\" width=\"%.2f\" height=\"34\" fill=\"var(%s)\"><title>%s</title></rect>",
              at,
              width,
              colour,
              entry.getKey()));
      at += width;
      legend.append(
          "<span style=\"--c:var(%s)\">%s %s (%s %%)</span>"
              .formatted(
                  colour,
                  entry.getKey(),
                  RunClock.text(entry.getValue()),
                  Numbers.fixed(100 * goodput.share(entry.getValue()), 1)));
    }
    out.append("<div class=\"card\"><svg viewBox=\"0 0 1000 34\" role=\"img\"");
    out.append(" aria-label=\"goodput\" preserveAspectRatio=\"none\" style=\"height:34px\">");
    out.append(bar).append("</svg>").append(legend).append("</div></div>");
  }

  private void writeIncidents() {
    if (run.incidents().isEmpty()) {
      return;
    }
    section("Steps that stand out", "Spikes and skipped batches, with the documents behind them.");
    table("Step", "What", "Loss", "Bound", "Documents");
    for (RunView.Noted noted : run.incidents()) {
      row(
          Numbers.count(noted.step()),
          Html.escape(noted.kind()),
          Numbers.fixed(noted.loss(), 4),
          Numbers.fixed(noted.bound(), 4),
          documents(noted.documents()));
    }
    endTable();
  }

  private void writeRollBacks() {
    if (run.rollBacks().isEmpty()) {
      return;
    }
    section("Roll-backs", "Batches that were used up without an update.");
    table("Step", "Passed over", "Why", "Documents");
    for (RollBack rollBack : run.rollBacks()) {
      row(
          Numbers.count(rollBack.step()),
          "%d to %d".formatted(rollBack.firstPassed(), rollBack.step()),
          Html.escape(rollBack.reason()),
          documents(rollBack.documents()));
    }
    endTable();
  }

  private static String documents(List<String> documents) {
    List<String> shown = documents.subList(0, Math.min(DOCUMENTS, documents.size()));
    String more =
        documents.size() > shown.size()
            ? "<br>and %d more".formatted(documents.size() - shown.size())
            : "";
    return String.join("<br>", shown.stream().map(Html::escape).toList()) + more;
  }

  private void writePlan() {
    if (plan.rows().isEmpty()) {
      return;
    }
    section("Plan against measured", "");
    table("What", "Planned", "Measured", "Note");
    for (PlanComparison.Row row : plan.rows()) {
      row(
          Html.escape(row.what()),
          Html.escape(row.planned()),
          Html.escape(row.measured()),
          Html.escape(row.note()));
    }
    endTable();
  }

  private void writeCheckpoints() {
    if (run.checkpoints().isEmpty()) {
      return;
    }
    section("Checkpoints", "Those that are there now.");
    table("Step", "Folder", "");
    for (Checkpoints.Found found : run.checkpoints()) {
      boolean best = run.best().filter(found::equals).isPresent();
      row(
          Numbers.count(found.step()),
          Html.escape(found.folder().name()),
          best ? "best by held-out loss" : "");
    }
    endTable();
  }

  private void writeJournal() {
    section("Journal", "Commands, attempts and losses.");
    table("When", "What", "Step", "Facts");
    for (JournalEntry entry : run.journal()) {
      switch (entry.kind()) {
        case STEPS, SAVED -> {}
        case DRIVER, ATTEMPT, LOST, ROLLED_BACK, STOPPED, FINISHED ->
            row(
                TIME.format(Instant.ofEpochMilli(entry.millis())),
                entry.kind().name().toLowerCase(Locale.ROOT).replace('_', ' '),
                Numbers.count(entry.step()),
                Html.escape(facts(entry)));
      }
    }
    endTable();
  }

  private static String facts(JournalEntry entry) {
    return String.join(
        ", ",
        entry.facts().entrySet().stream()
            .filter(
                fact ->
                    List.of("generation", "ranks", "why", "reason", "loss").contains(fact.getKey()))
            .map(fact -> fact.getKey() + " " + fact.getValue())
            .toList());
  }

  private void writeProvenance(Manifest manifest) {
    section("What this rests on", "");
    details("Inputs by digest", manifest.inputs());
    details("Facts", texts(manifest.facts()));
    details("Resolved configuration", manifest.configuration());
  }

  private static Map<String, String> texts(Map<String, Object> facts) {
    Map<String, String> texts = new TreeMap<>();
    facts.forEach((key, value) -> texts.put(key, String.valueOf(value)));
    return texts;
  }

  private void details(String title, Map<String, String> values) {
    out.append("<details><summary>").append(title).append("</summary><div class=\"card\">");
    out.append("<table><tbody>");
    values.forEach(
        (key, value) ->
            out.append(
                "<tr><td class=\"mono\">%s</td><td class=\"mono\">%s</td></tr>"
                    .formatted(Html.escape(key), Html.escape(value))));
    out.append("</tbody></table></div></details>");
  }

  private void table(String... heads) {
    out.append("<div class=\"card\"><table><thead><tr>");
    for (String head : heads) {
      out.append("<th class=\"left\">").append(head).append("</th>");
    }
    out.append("</tr></thead><tbody>");
  }

  private void row(String... cells) {
    out.append("<tr>");
    for (int i = 0; i < cells.length; i++) {
      boolean words = i == cells.length - 1; // the last may be long and breaks
      out.append(words ? "<td class=\"text\">" : "<td class=\"left\">");
      out.append(cells[i]).append("</td>");
    }
    out.append("</tr>");
  }

  private void endTable() {
    out.append("</tbody></table></div>");
  }

  private void section(String title, String note) {
    out.append("<h2>").append(title).append("</h2>");
    if (!note.isEmpty()) {
      out.append("<p class=\"note\">").append(note).append("</p>");
    }
  }

  /** The look of all reports. */
  private static String style() {
    try (InputStream in = Html.class.getClassLoader().getResourceAsStream("report/report.css")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read the report's style", e);
    }
  }
}
