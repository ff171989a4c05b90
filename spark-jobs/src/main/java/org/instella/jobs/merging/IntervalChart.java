package org.instella.jobs.merging;

import java.util.List;
import java.util.Locale;
import org.instella.eval.report.Axis;
import org.instella.eval.report.Html;
import org.instella.eval.report.Numbers;

/** Each candidate's held-out loss against the best individual run, with its interval, as SVG. */
record IntervalChart(SearchOutcome outcome) {
  private static final int WIDTH = 1000;
  private static final int LEFT = 300;
  private static final int LABEL = 40;
  private static final int RIGHT = 24;
  private static final int ROW = 20;
  private static final int TOP = 8;
  private static final int BOTTOM = 40;

  String render() {
    List<SearchRow> rows =
        outcome.rows().stream().filter(row -> row.against().isPresent()).toList();
    double low = 0;
    double high = 0;
    for (SearchRow row : rows) {
      low = Math.min(low, row.against().orElseThrow().interval().low());
      high = Math.max(high, row.against().orElseThrow().interval().high());
    }
    double margin = Math.max(1e-6, 0.04 * (high - low));
    int height = TOP + rows.size() * ROW + BOTTOM;
    Axis axis = Axis.covering(low - margin, high + margin, LEFT, WIDTH - RIGHT, 8);
    StringBuilder svg = new StringBuilder();
    svg.append(
        "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Held-out loss against %s\">"
            .formatted(WIDTH, height, Html.escape(outcome.best())));
    for (double tick : axis.ticks()) {
      svg.append(
          "<line class=\"%s\" x1=\"%s\" x2=\"%s\" y1=\"%d\" y2=\"%d\"/>"
              .formatted(
                  Math.abs(tick) < 1e-12 ? "zero" : "grid",
                  place(axis.place(tick)),
                  place(axis.place(tick)),
                  TOP,
                  height - BOTTOM));
      svg.append(
          "<text x=\"%s\" y=\"%d\" text-anchor=\"middle\">%s</text>"
              .formatted(
                  place(axis.place(tick)),
                  height - BOTTOM + 17,
                  Numbers.signed(tick, axis.digits())));
    }
    svg.append(
        "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">nats per token against %s; left is better</text>"
            .formatted(WIDTH - RIGHT, height - 5, Html.escape(outcome.best())));
    for (int i = 0; i < rows.size(); i++) {
      row(svg, axis, rows.get(i), TOP + (i + 0.5) * ROW);
    }
    return svg.append("</svg>").toString();
  }

  private void row(StringBuilder svg, Axis axis, SearchRow row, double y) {
    DocumentBootstrap.Difference against = row.against().orElseThrow();
    boolean picked = row.name().equals(outcome.picked());
    String style =
        "--c:" + (picked ? "var(--merged)" : row.single() ? "var(--base)" : "var(--seed-0)");
    svg.append(
        "<text class=\"strong\" x=\"%d\" y=\"%s\" text-anchor=\"end\"%s>%s<title>%s</title></text>"
            .formatted(
                LEFT - 12,
                place(y + 4),
                picked ? " font-weight=\"650\"" : "",
                Html.escape(label(row.name())),
                Html.escape(row.name())));
    svg.append(
        "<line class=\"whisker\" style=\"%s\" x1=\"%s\" x2=\"%s\" y1=\"%s\" y2=\"%s\"/>"
            .formatted(
                style,
                place(axis.place(against.interval().low())),
                place(axis.place(against.interval().high())),
                place(y),
                place(y)));
    svg.append(
        "<circle class=\"dot\" style=\"%s\" cx=\"%s\" cy=\"%s\" r=\"5\"><title>%s: %s</title></circle>"
            .formatted(
                style,
                place(axis.place(against.difference())),
                place(y),
                Html.escape(row.name()),
                Numbers.signed(against.difference(), 4)));
  }

  /** As much of a name as the margin holds; the whole is in the table and under the pointer. */
  private static String label(String name) {
    return name.length() <= LABEL ? name : name.substring(0, LABEL - 1).strip() + "…";
  }

  private static String place(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }
}
