package org.instella.jobs.merging;

import java.util.List;
import java.util.Locale;
import org.instella.eval.report.Axis;
import org.instella.eval.report.Html;
import org.instella.eval.report.Numbers;

/**
 * Curves over a common axis as SVG, every point a dot that says its value.
 *
 * @param label what it shows, for readers who do not see it
 * @param xWords words under the axis
 * @param xLabels names of the places 0, 1, 2 … ; empty for a numeric axis
 */
record LineChart(String label, String xWords, List<String> xLabels, List<Curve> curves) {
  private static final int WIDTH = 560;
  private static final int HEIGHT = 300;
  private static final int LEFT = 62;
  private static final int RIGHT = 18;
  private static final int TOP = 10;
  private static final int BOTTOM = 40;
  private static final int COLOURS = 5;

  LineChart {
    xLabels = List.copyOf(xLabels);
    curves = List.copyOf(curves);
  }

  /** One curve; x and y have the same length. */
  record Curve(String name, List<Double> x, List<Double> y) {
    Curve {
      x = List.copyOf(x);
      y = List.copyOf(y);
    }
  }

  /** Sets the colour of curve {@code i}. */
  static String colour(int i) {
    return "--c:var(--seed-" + i % COLOURS + ")";
  }

  /** The names of the curves in their colours. */
  String legend() {
    StringBuilder legend = new StringBuilder("<div class=\"legend\">");
    for (int i = 0; i < curves.size(); i++) {
      legend.append(
          "<span style=\"%s\">%s</span>".formatted(colour(i), Html.escape(curves.get(i).name())));
    }
    return legend.append("</div>").toString();
  }

  String render() {
    double low = curves.stream().flatMap(c -> c.y().stream()).mapToDouble(y -> y).min().orElse(0);
    double high = curves.stream().flatMap(c -> c.y().stream()).mapToDouble(y -> y).max().orElse(1);
    double margin = Math.max(1e-9, 0.06 * (high - low));
    double first = curves.stream().flatMap(c -> c.x().stream()).mapToDouble(x -> x).min().orElse(0);
    double last = curves.stream().flatMap(c -> c.x().stream()).mapToDouble(x -> x).max().orElse(1);
    Axis across = Axis.covering(first, last, LEFT, WIDTH - RIGHT, 8);
    Axis up = Axis.covering(low - margin, high + margin, HEIGHT - BOTTOM, TOP, 6);
    StringBuilder svg = new StringBuilder();
    svg.append(
        "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">"
            .formatted(WIDTH, HEIGHT, Html.escape(label)));
    axes(svg, across, up);
    for (int i = 0; i < curves.size(); i++) {
      curve(svg, across, up, curves.get(i), colour(i));
    }
    return svg.append("</svg>").toString();
  }

  private void axes(StringBuilder svg, Axis across, Axis up) {
    for (double tick : up.ticks()) {
      String y = place(up.place(tick));
      svg.append(
          "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%s\" y2=\"%s\"/>"
              .formatted(LEFT, WIDTH - RIGHT, y, y));
      svg.append(
          "<text x=\"%d\" y=\"%s\" text-anchor=\"end\">%s</text>"
              .formatted(LEFT - 7, place(up.place(tick) + 4), Numbers.fixed(tick, up.digits())));
    }
    svg.append(
        "<line class=\"axis\" x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>"
            .formatted(LEFT, WIDTH - RIGHT, HEIGHT - BOTTOM, HEIGHT - BOTTOM));
    if (xLabels.isEmpty()) {
      for (double tick : across.ticks()) {
        tick(svg, across.place(tick), Numbers.fixed(tick, across.digits()));
      }
    } else {
      int every = (xLabels.size() + 11) / 12;
      for (int i = 0; i < xLabels.size(); i += every) {
        tick(svg, across.place(i), xLabels.get(i));
      }
    }
    svg.append(
        "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>"
            .formatted(WIDTH - RIGHT, HEIGHT - 5, Html.escape(xWords)));
  }

  private static void tick(StringBuilder svg, double x, String text) {
    svg.append(
        "<text x=\"%s\" y=\"%d\" text-anchor=\"middle\">%s</text>"
            .formatted(place(x), HEIGHT - BOTTOM + 17, Html.escape(text)));
  }

  private static void curve(StringBuilder svg, Axis across, Axis up, Curve curve, String style) {
    StringBuilder dots = new StringBuilder();
    svg.append("<polyline class=\"curve\" style=\"%s\" points=\"".formatted(style));
    for (int i = 0; i < curve.x().size(); i++) {
      String x = place(across.place(curve.x().get(i)));
      String y = place(up.place(curve.y().get(i)));
      svg.append(i == 0 ? "" : " ").append(x).append(',').append(y);
      dots.append(
          "<circle class=\"dot\" style=\"%s\" cx=\"%s\" cy=\"%s\" r=\"3.5\"><title>%s: %s</title></circle>"
              .formatted(
                  style,
                  x,
                  y,
                  Html.escape(curve.name()),
                  String.format(Locale.ROOT, "%.6g", curve.y().get(i))));
    }
    svg.append("\"/>").append(dots);
  }

  private static String place(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }
}
