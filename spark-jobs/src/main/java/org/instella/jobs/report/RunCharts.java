package org.instella.jobs.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.instella.eval.report.LineChart;
import org.instella.eval.report.LineChart.Across;
import org.instella.eval.report.LineChart.Line;
import org.instella.eval.report.LineChart.Look;
import org.instella.eval.report.LineChart.Point;

/** The charts of a training report. */
final class RunCharts {
  private static final List<String> COLOURS =
      List.of("--seed-0", "--seed-1", "--seed-2", "--seed-3", "--seed-4", "--merged", "--base");

  private final RunView run;

  RunCharts(RunView run) {
    this.run = run;
  }

  /** Every step faint, the running mean on top, spikes marked. */
  String loss() {
    Line raw = line("loss", Look.FAINT, MetricsPoint::loss);
    List<Point> spikes =
        run.points().stream()
            .filter(MetricsPoint::spike)
            .map(point -> new Point(point.step(), point.loss()))
            .toList();
    return chart("Training loss", List.of(raw, raw.finite().smoothed("running mean")), spikes);
  }

  String heldOut() {
    Map<String, List<Point>> bySource = new LinkedHashMap<>();
    run.heldOut()
        .forEach(
            (step, losses) ->
                losses.forEach(
                    (source, loss) ->
                        bySource
                            .computeIfAbsent(source, name -> new ArrayList<>())
                            .add(new Point(step, loss))));
    return chart("Held-out loss", coloured(bySource), List.of());
  }

  String learningRate() {
    return single("Learning rate", MetricsPoint::learningRate);
  }

  String gradientNorm() {
    Line raw = line("gradient norm", Look.FAINT, MetricsPoint::gradientNorm);
    return chart("Gradient norm", List.of(raw, raw.finite().smoothed("running mean")), List.of());
  }

  /** The whole, and each kind of matrix; norm weights stay near the root of their number. */
  String weightNorms() {
    Map<String, List<Point>> byKind = new LinkedHashMap<>();
    for (MetricsPoint point : run.points()) {
      point
          .weightNorms()
          .forEach(
              (kind, norm) -> {
                if (!kind.contains("norm")) {
                  byKind
                      .computeIfAbsent(kind, name -> new ArrayList<>())
                      .add(new Point(point.step(), norm));
                }
              });
    }
    return chart("Weight norms by kind", coloured(byKind), List.of());
  }

  String throughput() {
    return single("Tokens per second", MetricsPoint::tokensPerSecond);
  }

  String mfu() {
    return chart(
        "MFU, percent",
        List.of(
            withColour(line("causal", Look.PLAIN, point -> 100 * point.mfu()), 0),
            withColour(line("full attention", Look.PLAIN, point -> 100 * point.mfuFull()), 1)),
        List.of());
  }

  String stepTime() {
    return chart(
        "Seconds of a step",
        List.of(
            withColour(line("step", Look.PLAIN, MetricsPoint::stepSeconds), 0),
            withColour(line("waiting for data", Look.PLAIN, MetricsPoint::dataSeconds), 5)),
        List.of());
  }

  private static String chart(String title, List<Line> lines, List<Point> marks) {
    return new LineChart(title, Across.ofSteps(), lines, marks).card();
  }

  private String single(String title, ToDoubleFunction<MetricsPoint> value) {
    return chart(title, List.of(line(title, Look.PLAIN, value)), List.of());
  }

  private Line line(String name, Look look, ToDoubleFunction<MetricsPoint> value) {
    return new Line(
        name,
        look,
        COLOURS.get(0),
        run.points().stream()
            .map(point -> new Point(point.step(), value.applyAsDouble(point)))
            .toList());
  }

  private static Line withColour(Line line, int colour) {
    return new Line(line.name(), line.look(), COLOURS.get(colour), line.points());
  }

  private static List<Line> coloured(Map<String, List<Point>> lines) {
    List<Line> series = new ArrayList<>();
    lines.forEach(
        (name, points) ->
            series.add(
                new Line(name, Look.PLAIN, COLOURS.get(series.size() % COLOURS.size()), points)));
    return series;
  }
}
