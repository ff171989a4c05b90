package org.instella.eval.report;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;

/** Training loss over steps as SVG: the raw curve faint, its running mean on top. */
final class LossChart {
  private static final int WIDTH = 560;
  private static final int HEIGHT = 300;
  private static final int LEFT = 46;
  private static final int RIGHT = 22;
  private static final int TOP = 10;
  private static final int BOTTOM = 34;
  private static final int POINTS = 400;

  private final List<RunCurve> curves;
  private final ReportColours colours;
  private final Axis steps;
  private final Axis losses;

  LossChart(List<RunCurve> curves, ReportColours colours) {
    this.curves = curves;
    this.colours = colours;
    double[] all = curves.stream().flatMapToDouble(LossChart::losses).sorted().toArray();
    double[] late = curves.stream().flatMapToDouble(LossChart::afterStart).sorted().toArray();
    double low = all[0];
    // A run starts at the logarithm of its vocabulary; showing that would flatten all the rest.
    double high = Math.max(late[(int) (0.995 * (late.length - 1))], low + 1e-6);
    double margin = 0.06 * (high - low);
    double first = curves.stream().mapToDouble(c -> c.points().get(0).step()).min().orElse(0);
    double last =
        curves.stream()
            .mapToDouble(c -> c.points().get(c.points().size() - 1).step())
            .max()
            .orElse(1);
    steps = Axis.covering(first, last, LEFT, WIDTH - RIGHT, 6);
    losses = Axis.covering(low - margin, high + margin, HEIGHT - BOTTOM, TOP, 6);
  }

  private static DoubleStream losses(RunCurve curve) {
    return curve.points().stream().mapToDouble(RunCurve.Point::loss);
  }

  private static DoubleStream afterStart(RunCurve curve) {
    return losses(curve).skip(curve.points().size() / 25);
  }

  String render() {
    StringBuilder svg = new StringBuilder();
    String label =
        "Training loss of " + String.join(", ", curves.stream().map(RunCurve::name).toList());
    svg.append(
        "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">"
            .formatted(WIDTH, HEIGHT, Html.escape(label)));
    svg.append(
        "<clipPath id=\"%s\"><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/></clipPath>"
            .formatted(clip(), LEFT, TOP, WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM));
    drawAxes(svg);
    svg.append("<g clip-path=\"url(#").append(clip()).append(")\">");
    for (RunCurve curve : curves) {
      drawCurve(svg, curve.thinned(POINTS), "raw", curve.name());
    }
    for (RunCurve curve : curves) {
      drawCurve(svg, curve.smoothed().thinned(POINTS), "curve", curve.name());
    }
    return svg.append("</g></svg>").toString();
  }

  private void drawAxes(StringBuilder svg) {
    for (double tick : losses.ticks()) {
      double y = losses.place(tick);
      svg.append(
          "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%s\" y2=\"%s\"/>"
              .formatted(LEFT, WIDTH - RIGHT, place(y), place(y)));
      svg.append(
          "<text x=\"%d\" y=\"%s\" text-anchor=\"end\">%s</text>"
              .formatted(LEFT - 7, place(y + 4), Numbers.fixed(tick, losses.digits())));
    }
    for (double tick : steps.ticks()) {
      svg.append(
          "<text x=\"%s\" y=\"%d\" text-anchor=\"middle\">%s</text>"
              .formatted(
                  place(steps.place(tick)), HEIGHT - BOTTOM + 17, Numbers.count((long) tick)));
    }
    svg.append(
        "<line class=\"axis\" x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>"
            .formatted(LEFT, WIDTH - RIGHT, HEIGHT - BOTTOM, HEIGHT - BOTTOM));
    svg.append(
        "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">step</text>"
            .formatted(WIDTH - RIGHT, HEIGHT - 3));
  }

  private void drawCurve(StringBuilder svg, RunCurve curve, String kind, String name) {
    svg.append(
        "<polyline class=\"%s\" style=\"%s\" points=\"".formatted(kind, colours.style(name)));
    for (RunCurve.Point point : curve.points()) {
      svg.append(place(steps.place(point.step())))
          .append(',')
          .append(place(losses.place(point.loss())))
          .append(' ');
    }
    svg.setLength(svg.length() - 1);
    svg.append("\"/>");
  }

  /** One page may hold several charts: the clip's name has to differ. */
  private String clip() {
    return "clip-"
        + Integer.toHexString(Arrays.hashCode(curves.stream().map(RunCurve::name).toArray()));
  }

  private static String place(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }
}
