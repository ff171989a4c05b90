package org.instella.eval.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;

/**
 * Lines over a common axis as SVG, thinned to what a page can show.
 *
 * @param title what it shows; stands above it, and for readers who do not see it
 * @param across what the horizontal axis counts
 * @param marks points to stress, at their own values
 */
public record LineChart(String title, Across across, List<Line> lines, List<Point> marks) {
  private static final int WIDTH = 560;
  private static final int HEIGHT = 260;
  private static final int LEFT = 62;
  private static final int RIGHT = 18;
  private static final int TOP = 10;
  private static final int BOTTOM = 38;
  private static final int POINTS = 500;
  private static final int MOST_NAMES = 12;

  /** Values that are no numbers are left out, and lines of fewer than two points. */
  public LineChart {
    lines = lines.stream().map(Line::finite).filter(line -> line.points().size() > 1).toList();
    marks = List.copyOf(marks);
  }

  /** One value at one place. */
  public record Point(double x, double value) {}

  /**
   * The horizontal axis.
   *
   * @param words under it
   * @param names of the places 0, 1, 2 ...; empty for numbers
   * @param steps whether it counts the steps of a run, whose start would flatten all the rest: what
   *     lies far above the later values leaves the picture
   */
  public record Across(String words, List<String> names, boolean steps) {
    public Across {
      names = List.copyOf(names);
    }

    /** The steps of a run. */
    public static Across ofSteps() {
      return new Across("step", List.of(), true);
    }

    /** Places with names. */
    public static Across of(String words, List<String> names) {
      return new Across(words, names, false);
    }
  }

  /** How a line is drawn. */
  public enum Look {
    PLAIN,
    /** Every point a dot that says its value. */
    DOTTED,
    /** In the background, without a legend. */
    FAINT
  }

  /**
   * A line.
   *
   * @param colour a colour of the style sheet, such as {@code --seed-0}
   */
  public record Line(String name, Look look, String colour, List<Point> points) {
    public Line {
      points = List.copyOf(points);
    }

    /** Without values that are no numbers. */
    public Line finite() {
      return new Line(
          name, look, colour, points.stream().filter(p -> Double.isFinite(p.value())).toList());
    }

    /** Mean over a neighbourhood of a fiftieth of the run, not lagging at the ends. */
    public Line smoothed(String newName) {
      int half = Math.max(1, points.size() / 100);
      List<Point> smooth = new ArrayList<>();
      for (int i = 0; i < points.size(); i++) {
        int reach = Math.min(half, Math.min(i, points.size() - 1 - i));
        double sum = 0;
        for (int j = i - reach; j <= i + reach; j++) {
          sum += points.get(j).value();
        }
        smooth.add(new Point(points.get(i).x(), sum / (2 * reach + 1)));
      }
      return new Line(newName, Look.PLAIN, colour, smooth);
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
        if (low != high) {
          kept.add(points.get(Math.max(low, high)));
        }
      }
      return kept;
    }
  }

  /** Colour number {@code i} of the style sheet, again from the first after the last. */
  public static String colour(int i) {
    return "--seed-" + i % 5;
  }

  /** The chart with title and legend in a card; empty text where there is no line to draw. */
  public String card() {
    if (lines.isEmpty()) {
      return "";
    }
    StringBuilder out = new StringBuilder("<div class=\"card\"><p class=\"chart-title\">");
    out.append(Html.escape(title)).append("</p><div class=\"legend\">");
    if (lines.size() > 1) {
      for (Line line : lines) {
        if (line.look() != Look.FAINT) {
          out.append(
              "<span style=\"--c:var(%s)\">%s%s</span>"
                  .formatted(
                      line.colour(), Html.escape(line.name()), dashed(line) ? " (dashed)" : ""));
        }
      }
    }
    return out.append("</div>").append(svg()).append("</div>").toString();
  }

  /** Whether an earlier line has its colour. */
  private boolean dashed(Line line) {
    return line.look() != Look.FAINT
        && lines.subList(0, lines.indexOf(line)).stream()
            .anyMatch(other -> other.look() != Look.FAINT && other.colour().equals(line.colour()));
  }

  private DoubleStream values() {
    return lines.stream().flatMap(line -> line.points().stream()).mapToDouble(Point::value);
  }

  private DoubleStream places() {
    return lines.stream().flatMap(line -> line.points().stream()).mapToDouble(Point::x);
  }

  private Axis up() {
    double low = values().min().orElse(0);
    double high = values().max().orElse(1);
    if (across.steps()) {
      double[] all = values().sorted().toArray();
      double late =
          lines.stream()
              .flatMap(line -> line.points().stream().skip(line.points().size() / 20))
              .mapToDouble(Point::value)
              .max()
              .orElse(high);
      high = Math.max(all[(int) (0.99 * (all.length - 1))], late);
    }
    double margin = high > low ? 0.06 * (high - low) : Math.max(1e-12, 0.05 * Math.abs(high));
    return Axis.covering(low - margin, high + margin, HEIGHT - BOTTOM, TOP, 5);
  }

  private Axis sideways() {
    double first = places().min().orElse(0);
    double last = places().max().orElse(1);
    double end = across.steps() ? Math.max(last, first + 1) : last;
    return Axis.covering(first, end, LEFT, WIDTH - RIGHT, across.steps() ? 6 : 8);
  }

  private String svg() {
    Axis up = up();
    Axis sideways = sideways();
    StringBuilder svg = new StringBuilder();
    svg.append(
        "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">"
            .formatted(WIDTH, HEIGHT, Html.escape(title)));
    String clip = "clip-" + Integer.toHexString(title.hashCode());
    // A little room around the frame: dots on its edge stay whole.
    svg.append(
        "<clipPath id=\"%s\"><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/></clipPath>"
            .formatted(
                clip, LEFT - 4, TOP - 4, WIDTH - LEFT - RIGHT + 8, HEIGHT - TOP - BOTTOM + 8));
    drawAxes(svg, sideways, up);
    svg.append("<g clip-path=\"url(#").append(clip).append(")\">");
    lines.forEach(line -> drawLine(svg, sideways, up, line));
    for (Point mark : marks) {
      double y = Math.max(TOP, up.place(mark.value()));
      drawDot(svg, "--bad", sideways.place(mark.x()), y, "step %.0f".formatted(mark.x()), mark);
    }
    return svg.append("</g></svg>").toString();
  }

  private void drawAxes(StringBuilder svg, Axis sideways, Axis up) {
    for (double tick : up.ticks()) {
      String y = place(up.place(tick));
      svg.append(
          "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%s\" y2=\"%s\"/>"
              .formatted(LEFT, WIDTH - RIGHT, y, y));
      svg.append(
          "<text x=\"%d\" y=\"%s\" text-anchor=\"end\">%s</text>"
              .formatted(LEFT - 7, place(up.place(tick) + 4), number(up, tick)));
    }
    svg.append(
        "<line class=\"axis\" x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>"
            .formatted(LEFT, WIDTH - RIGHT, HEIGHT - BOTTOM, HEIGHT - BOTTOM));
    if (across.names().isEmpty()) {
      for (double tick : sideways.ticks()) {
        drawTick(svg, sideways.place(tick), number(sideways, tick));
      }
    } else {
      int every = (across.names().size() + MOST_NAMES - 1) / MOST_NAMES;
      for (int i = 0; i < across.names().size(); i += every) {
        drawTick(svg, sideways.place(i), across.names().get(i));
      }
    }
    svg.append(
        "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>"
            .formatted(WIDTH - RIGHT, HEIGHT - 5, Html.escape(across.words())));
  }

  private static void drawTick(StringBuilder svg, double x, String text) {
    boolean atTheEdge = x > WIDTH - RIGHT - 1; // its right half would be cut off
    svg.append(
        "<text x=\"%s\" y=\"%d\" text-anchor=\"%s\">%s</text>"
            .formatted(
                place(atTheEdge ? WIDTH - 2 : x),
                HEIGHT - BOTTOM + 17,
                atTheEdge ? "end" : "middle",
                Html.escape(text)));
  }

  /** Very small and very large numbers as powers. */
  private static String number(Axis axis, double value) {
    double size = Math.max(Math.abs(axis.low()), Math.abs(axis.high()));
    if (value != 0 && (size < 1e-2 || size >= 1e6)) {
      return String.format(Locale.ROOT, "%.1e", value);
    }
    return size >= 1000 ? Numbers.count(Math.round(value)) : Numbers.fixed(value, axis.digits());
  }

  private void drawLine(StringBuilder svg, Axis sideways, Axis up, Line line) {
    svg.append(
        "<polyline class=\"%s\" style=\"--c:var(%s)\"%s points=\""
            .formatted(
                line.look() == Look.FAINT ? "raw" : "curve",
                line.colour(),
                dashed(line) ? " stroke-dasharray=\"6 4\"" : ""));
    List<Point> points = line.thinned();
    for (int i = 0; i < points.size(); i++) {
      svg.append(i == 0 ? "" : " ")
          .append(place(sideways.place(points.get(i).x())))
          .append(',')
          .append(place(up.place(points.get(i).value())));
    }
    svg.append("\"/>");
    if (line.look() == Look.DOTTED) {
      for (Point point : points) {
        drawDot(
            svg,
            line.colour(),
            sideways.place(point.x()),
            up.place(point.value()),
            line.name(),
            point);
      }
    }
  }

  private static void drawDot(
      StringBuilder svg, String colour, double x, double y, String name, Point point) {
    svg.append(
        "<circle class=\"dot\" style=\"--c:var(%s)\" cx=\"%s\" cy=\"%s\" r=\"3.5\"><title>%s: %s</title></circle>"
            .formatted(
                colour,
                place(x),
                place(y),
                Html.escape(name),
                String.format(Locale.ROOT, "%.6g", point.value())));
  }

  private static String place(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }
}
