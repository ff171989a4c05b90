package org.instella.eval.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.instella.eval.loss.DomainLoss;
import org.instella.eval.report.Comparison.Difference;

/**
 * Held-out loss per source as dots, each model's difference to the first model with its 95 %
 * interval. Differences between models are far smaller than those between sources; drawn as
 * absolute losses nobody would see them.
 */
final class DifferenceChart {
  private static final int WIDTH = 1000;
  private static final int LEFT = 170;
  private static final int RIGHT = 24;
  private static final int ROW = 15;
  private static final int GAP = 22;
  private static final int TOP = 8;
  private static final int BOTTOM = 40;

  private final ModelColumn reference;
  private final List<ModelColumn> others;
  private final ReportColours colours;
  private final List<Row> rows = new ArrayList<>();

  private record Row(String name, boolean total, List<Difference> differences) {}

  DifferenceChart(List<ModelColumn> columns, ReportColours colours) {
    this.reference = columns.get(0);
    this.others = columns.subList(1, columns.size());
    this.colours = colours;
    for (int i = 0; i < reference.losses().size(); i++) {
      int domain = i;
      List<Difference> differences =
          others.stream()
              .map(
                  o ->
                      difference(
                          List.of(reference.losses().get(domain)), List.of(o.losses().get(domain))))
              .toList();
      rows.add(new Row(reference.losses().get(i).domain(), false, differences));
    }
    rows.add(
        new Row(
            "all sources",
            true,
            others.stream().map(o -> difference(reference.losses(), o.losses())).toList()));
  }

  private static Difference difference(List<DomainLoss> first, List<DomainLoss> second) {
    return Comparison.lossDifference(first, second).orElseThrow();
  }

  String render() {
    int band = others.size() * ROW + GAP;
    int height = TOP + rows.size() * band + BOTTOM;
    double low = 0;
    double high = 0;
    for (Row row : rows) {
      for (Difference difference : row.differences()) {
        low = Math.min(low, Math.min(difference.value(), finite(difference.interval().low(), low)));
        high =
            Math.max(
                high, Math.max(difference.value(), finite(difference.interval().high(), high)));
      }
    }
    double margin = Math.max(1e-6, 0.04 * (high - low));
    Axis axis = Axis.covering(low - margin, high + margin, LEFT, WIDTH - RIGHT, 8);
    StringBuilder svg =
        new StringBuilder(
            "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">"
                .formatted(
                    WIDTH,
                    height,
                    Html.escape("Difference of held-out loss to " + reference.name())));
    drawAxis(svg, axis, height);
    int y = TOP + GAP / 2;
    for (Row row : rows) {
      if (y > band) {
        svg.append(
            "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>"
                .formatted(LEFT, WIDTH - RIGHT, y - GAP / 2, y - GAP / 2));
      }
      drawRow(svg, axis, row, y);
      y += band;
    }
    return svg.append("</svg>").toString();
  }

  private void drawAxis(StringBuilder svg, Axis axis, int height) {
    int bottom = height - BOTTOM;
    for (double tick : axis.ticks()) {
      String x = place(axis.place(tick));
      svg.append(
          "<line class=\"%s\" x1=\"%s\" x2=\"%s\" y1=\"%d\" y2=\"%d\"/>"
              .formatted(Math.abs(tick) < 1e-12 ? "zero" : "grid", x, x, TOP, bottom));
      svg.append(
          "<text x=\"%s\" y=\"%d\" text-anchor=\"middle\">%s</text>"
              .formatted(x, bottom + 17, Numbers.signed(tick, axis.digits())));
    }
    svg.append(
        "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">nats per token against %s; left is better</text>"
            .formatted(WIDTH - RIGHT, height - 5, Html.escape(reference.name())));
  }

  private void drawRow(StringBuilder svg, Axis axis, Row row, int top) {
    int middle = top + others.size() * ROW / 2;
    svg.append(
        "<text class=\"strong\" x=\"%d\" y=\"%d\" text-anchor=\"end\"%s>%s</text>"
            .formatted(
                LEFT - 14,
                middle + 4,
                row.total() ? " font-weight=\"650\"" : "",
                Html.escape(row.name())));
    for (int i = 0; i < others.size(); i++) {
      Difference difference = row.differences().get(i);
      double y = top + (i + 0.5) * ROW;
      String style = colours.style(others.get(i).name());
      if (Double.isFinite(difference.interval().low())) {
        svg.append(
            "<line class=\"whisker\" style=\"%s\" x1=\"%s\" x2=\"%s\" y1=\"%s\" y2=\"%s\"/>"
                .formatted(
                    style,
                    place(axis.place(difference.interval().low())),
                    place(axis.place(difference.interval().high())),
                    place(y),
                    place(y)));
      }
      svg.append(
          "<circle class=\"dot\" style=\"%s\" cx=\"%s\" cy=\"%s\" r=\"5\"><title>%s, %s: %s</title></circle>"
              .formatted(
                  style,
                  place(axis.place(difference.value())),
                  place(y),
                  Html.escape(others.get(i).name()),
                  Html.escape(row.name()),
                  Numbers.signed(difference.value(), 4)));
    }
  }

  private static double finite(double value, double fallback) {
    return Double.isFinite(value) ? value : fallback;
  }

  private static String place(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }
}
