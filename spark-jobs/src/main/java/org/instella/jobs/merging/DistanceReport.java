package org.instella.jobs.merging;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.instella.ensemble.ModelDistances;
import org.instella.ensemble.ModelDistances.Distance;
import org.instella.eval.report.LineChart;
import org.instella.eval.report.LineChart.Across;
import org.instella.eval.report.LineChart.Line;
import org.instella.eval.report.LineChart.Look;
import org.instella.eval.report.LineChart.Point;

/**
 * Distances between models as a table and as plots.
 *
 * @param withBase whether the last model is the base that the others started from
 */
record DistanceReport(ModelDistances distances, boolean withBase) {

  /** The layers as a table; with a base, also how far the updates point the same way. */
  String markdown() {
    StringBuilder out = new StringBuilder(distances.markdown());
    if (withBase) {
      out.append("\nCosine between what two models learned since the base:\n\n| Layer |");
      List<Pair> pairs = pairs(distances.models().size() - 1);
      pairs.forEach(pair -> out.append(' ').append(name(pair)).append(" |"));
      out.append("\n| --- |").append(" --- |".repeat(pairs.size())).append('\n');
      Map<String, List<Double>> rows = new LinkedHashMap<>();
      for (Pair pair : pairs) {
        cosines(pair)
            .forEach(
                (layer, cosine) ->
                    rows.computeIfAbsent(layer, key -> new ArrayList<>()).add(cosine));
      }
      rows.forEach(
          (layer, row) -> {
            out.append("| ").append(layer).append(" |");
            row.forEach(value -> out.append(String.format(Locale.ROOT, " %.4f |", value)));
            out.append('\n');
          });
    }
    return out.toString();
  }

  /** Cards with the plots. */
  String html() {
    StringBuilder out = new StringBuilder("<div class=\"charts\">");
    out.append(card("Cosine of the weights", Distance::cosine));
    out.append(
        card(
            "Norm of the difference, against the mean norm of the two",
            Distance::relativeDifference));
    out.append(card("Norm of the difference", Distance::differenceNorm));
    if (withBase && distances.models().size() > 2) {
      out.append(updates());
    }
    return out.append("</div>").toString();
  }

  private String card(String title, ToDoubleFunction<Distance> value) {
    List<Line> lines = new ArrayList<>();
    for (Pair pair : pairs(distances.models().size())) {
      List<Double> values =
          distances.layers().stream()
              .filter(row -> row.a() == pair.a() && row.b() == pair.b())
              .map(row -> value.applyAsDouble(row))
              .toList();
      lines.add(line(pair, lines.size(), values));
    }
    return chart(title, lines);
  }

  private String updates() {
    List<Line> lines = new ArrayList<>();
    for (Pair pair : pairs(distances.models().size() - 1)) {
      lines.add(line(pair, lines.size(), List.copyOf(cosines(pair).values())));
    }
    return chart("Cosine of the updates since the base", lines);
  }

  private String chart(String title, List<Line> lines) {
    return new LineChart(title, Across.of("layer", labels()), lines, List.of()).card();
  }

  private Line line(Pair pair, int number, List<Double> values) {
    List<Point> points = new ArrayList<>();
    for (double value : values) {
      points.add(new Point(points.size(), value));
    }
    return new Line(name(pair), Look.DOTTED, LineChart.colour(number), points);
  }

  private Map<String, Double> cosines(Pair pair) {
    return distances.updateCosines(pair.a(), pair.b(), distances.models().size() - 1);
  }

  private List<String> labels() {
    return distances.layers().stream()
        .filter(row -> row.a() == 0 && row.b() == 1)
        .map(row -> shortened(row.item()))
        .toList();
  }

  /** {@code 3} for block 3, else the last telling part of the name. */
  private static String shortened(String layer) {
    String name = layer.endsWith(".weight") ? layer.substring(0, layer.length() - 7) : layer;
    return name.substring(name.lastIndexOf('.') + 1).replace("embed_tokens", "embed");
  }

  private String name(Pair pair) {
    return distances.models().get(pair.a()) + " – " + distances.models().get(pair.b());
  }

  private record Pair(int a, int b) {}

  private static List<Pair> pairs(int models) {
    List<Pair> pairs = new ArrayList<>();
    for (int a = 0; a < models; a++) {
      for (int b = a + 1; b < models; b++) {
        pairs.add(new Pair(a, b));
      }
    }
    return pairs;
  }
}
