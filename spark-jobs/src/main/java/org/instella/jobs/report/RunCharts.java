package org.instella.jobs.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.instella.jobs.report.LineChart.Point;
import org.instella.jobs.report.LineChart.Series;

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
    Series raw = series("loss", true, MetricsPoint::loss);
    List<Point> spikes =
        run.points().stream()
            .filter(MetricsPoint::spike)
            .map(point -> new Point(point.step(), point.loss()))
            .toList();
    return LineChart.render(
        "Training loss", List.of(raw, finite(raw).smoothed("running mean")), spikes);
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
    return LineChart.render("Held-out loss", coloured(bySource), List.of());
  }

  String learningRate() {
    return single("Learning rate", MetricsPoint::learningRate);
  }

  String gradientNorm() {
    Series raw = series("gradient norm", true, MetricsPoint::gradientNorm);
    return LineChart.render(
        "Gradient norm", List.of(raw, finite(raw).smoothed("running mean")), List.of());
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
    return LineChart.render("Weight norms by kind", coloured(byKind), List.of());
  }

  String throughput() {
    return single("Tokens per second", MetricsPoint::tokensPerSecond);
  }

  String mfu() {
    return LineChart.render(
        "MFU, percent",
        List.of(
            withColour(series("causal", false, point -> 100 * point.mfu()), 0),
            withColour(series("full attention", false, point -> 100 * point.mfuFull()), 1)),
        List.of());
  }

  String stepTime() {
    return LineChart.render(
        "Seconds of a step",
        List.of(
            withColour(series("step", false, MetricsPoint::stepSeconds), 0),
            withColour(series("waiting for data", false, MetricsPoint::dataSeconds), 5)),
        List.of());
  }

  private String single(String title, ToDoubleFunction<MetricsPoint> value) {
    return LineChart.render(title, List.of(series(title, false, value)), List.of());
  }

  private Series series(String name, boolean faint, ToDoubleFunction<MetricsPoint> value) {
    return new Series(
        name,
        faint,
        COLOURS.get(0),
        run.points().stream()
            .map(point -> new Point(point.step(), value.applyAsDouble(point)))
            .toList());
  }

  private static Series finite(Series series) {
    return new Series(
        series.name(),
        series.faint(),
        series.colour(),
        series.points().stream().filter(point -> Double.isFinite(point.value())).toList());
  }

  private static Series withColour(Series series, int colour) {
    return new Series(series.name(), series.faint(), COLOURS.get(colour), series.points());
  }

  private static List<Series> coloured(Map<String, List<Point>> lines) {
    List<Series> series = new ArrayList<>();
    lines.forEach(
        (name, points) ->
            series.add(
                new Series(name, false, COLOURS.get(series.size() % COLOURS.size()), points)));
    return series;
  }
}
