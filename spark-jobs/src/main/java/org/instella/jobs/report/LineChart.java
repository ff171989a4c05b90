package org.instella.jobs.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.instella.eval.report.Axis;
import org.instella.eval.report.Html;
import org.instella.eval.report.Numbers;

/** Some series over steps as SVG, thinned to what a page can show; marks lie on top. */
final class LineChart {
  private static final int WIDTH = 560;
  private static final int HEIGHT = 240;
  private static final int LEFT = 62;
  private static final int RIGHT = 14;
  private static final int TOP = 10;
  private static final int BOTTOM = 34;
  private static final int POINTS = 500;

  private final String title;
  private final List<Series> series;
  private final List<Point> marks;
  private final Axis steps;
  private final Axis values;

  /** One value after one step. */
  record Point(double step, double value) {}

  /**
   * A line.
   *
   * @param faint whether it is drawn in the background, without a legend
   * @param colour a colour of the style sheet, such as {@code --seed-0}
   */
  record Series(String name, boolean faint, String colour, List<Point> points) {

    /** Mean over a neighbourhood of a fiftieth of the run, not lagging at the ends. */
    Series smoothed(String newName) {
      int half = Math.max(1, points.size() / 100);
      List<Point> smooth = new ArrayList<>();
      for (int i = 0; i < points.size(); i++) {
        int reach = Math.min(half, Math.min(i, points.size() - 1 - i));
        double sum = 0;
        for (int j = i - reach; j <= i + reach; j++) {
          sum += points.get(j).value();
        }
        smooth.add(new Point(points.get(i).step(), sum / (2 * reach + 1)));
      }
      return new Series(newName, false, colour, smooth);
    }

    /** Of each stretch the least and the largest value, so that no peak is lost. */
    List<Point> thinned() {
      if (points.size() <= POINTS) {
        return points;
      }
      List<Point> kept = new ArrayList<>();
      int bins = POINTS / 2;
      for (int bin = 0; bin < bins; bin++) {
        int from = (int) ((long) bin * points.size() / bins);
        int to = (int) ((bin + 1L) * points.size() / bins);
        int low = from;
        int high = from;
        for (int i = from; i < to; i++) {
          low = points.get(i).value() < points.get(low).value() ? i : low;
          high = points.get(i).value() > points.get(high).value() ? i : high;
        }
        kept.add(points.get(Math.min(low, high)));
        kept.add(points.get(Math.max(low, high)));
      }
      return kept;
    }
  }

  private LineChart(String title, List<Series> series, List<Point> marks) {
    this.title = title;
    this.series = series;
    this.marks = marks;
    double[] all =
        series.stream()
            .flatMap(s -> s.points().stream())
            .mapToDouble(Point::value)
            .sorted()
            .toArray();
    // The start of a run would flatten all the rest; what lies above leaves the picture.
    double high = Math.max(all[(int) (0.99 * (all.length - 1))], late(series));
    double low = all[0];
    double margin = high > low ? 0.06 * (high - low) : Math.max(1e-12, 0.05 * Math.abs(high));
    double first = places(series).min(Double::compare).orElse(0.0);
    double last = places(series).max(Double::compare).orElse(1.0);
    this.steps = Axis.covering(first, Math.max(last, first + 1), LEFT, WIDTH - RIGHT, 6);
    this.values = Axis.covering(low - margin, high + margin, HEIGHT - BOTTOM, TOP, 5);
  }

  private static Stream<Double> places(List<Series> series) {
    return series.stream().flatMap(s -> s.points().stream()).map(Point::step);
  }

  /** The largest value behind the first twentieth of any series. */
  private static double late(List<Series> series) {
    return series.stream()
        .flatMap(s -> s.points().stream().skip(s.points().size() / 20))
        .mapToDouble(Point::value)
        .max()
        .orElse(Double.NEGATIVE_INFINITY);
  }

  /**
   * Draws; empty text where no series has two finite values.
   *
   * @param marks points to stress, at their own values
   */
  static String render(String title, List<Series> series, List<Point> marks) {
    List<Series> drawn =
        series.stream()
            .map(
                s ->
                    new Series(
                        s.name(),
                        s.faint(),
                        s.colour(),
                        s.points().stream().filter(p -> Double.isFinite(p.value())).toList()))
            .filter(s -> s.points().size() > 1)
            .toList();
    return drawn.isEmpty() ? "" : new LineChart(title, drawn, marks).card();
  }

  private String card() {
    StringBuilder out = new StringBuilder("<div class=\"card\"><p class=\"chart-title\">");
    out.append(Html.escape(title)).append("</p><div class=\"legend\">");
    for (Series line : series) {
      if (!line.faint() && series.size() > 1) {
        out.append(
            "<span style=\"--c:var(%s)\">%s</span>"
                .formatted(line.colour(), Html.escape(line.name())));
      }
    }
    out.append("</div>");
    out.append(
        "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s over steps\">"
            .formatted(WIDTH, HEIGHT, Html.escape(title)));
    String clip = "clip-" + Integer.toHexString(title.hashCode());
    out.append(
        "<clipPath id=\"%s\"><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/></clipPath>"
            .formatted(clip, LEFT, TOP, WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM));
    drawAxes(out);
    out.append("<g clip-path=\"url(#").append(clip).append(")\">");
    series.forEach(line -> drawLine(out, line));
    for (Point mark : marks) {
      out.append(
          "<circle class=\"dot\" style=\"--c:var(--bad)\" cx=\"%s\" cy=\"%s\" r=\"4\"/>"
              .formatted(
                  place(steps.place(mark.step())),
                  place(Math.max(TOP, values.place(mark.value())))));
    }
    return out.append("</g></svg></div>").toString();
  }

  private void drawAxes(StringBuilder svg) {
    for (double tick : values.ticks()) {
      double y = values.place(tick);
      svg.append(
          "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%s\" y2=\"%s\"/>"
              .formatted(LEFT, WIDTH - RIGHT, place(y), place(y)));
      svg.append(
          "<text x=\"%d\" y=\"%s\" text-anchor=\"end\">%s</text>"
              .formatted(LEFT - 7, place(y + 4), tick(tick)));
    }
    for (double tick : steps.ticks()) {
      svg.append(
          "<text x=\"%s\" y=\"%d\" text-anchor=\"middle\">%s</text>"
              .formatted(
                  place(steps.place(tick)), HEIGHT - BOTTOM + 17, Numbers.count((long) tick)));
    }
    svg.append(
        "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">step</text>"
            .formatted(WIDTH - RIGHT, HEIGHT - 3));
  }

  /** Very small and very large numbers as powers. */
  private String tick(double value) {
    double size = Math.max(Math.abs(values.low()), Math.abs(values.high()));
    if (value != 0 && (size < 1e-2 || size >= 1e6)) {
      return String.format(Locale.ROOT, "%.1e", value);
    }
    return size >= 1000 ? Numbers.count(Math.round(value)) : Numbers.fixed(value, values.digits());
  }

  private void drawLine(StringBuilder svg, Series line) {
    svg.append(
        "<polyline class=\"%s\" style=\"--c:var(%s)\" points=\""
            .formatted(line.faint() ? "raw" : "curve", line.colour()));
    for (Point point : line.thinned()) {
      svg.append(place(steps.place(point.step())))
          .append(',')
          .append(place(values.place(point.value())))
          .append(' ');
    }
    svg.setLength(svg.length() - 1);
    svg.append("\"/>");
  }

  private static String place(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }
}
