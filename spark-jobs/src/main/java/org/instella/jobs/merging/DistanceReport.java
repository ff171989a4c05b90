package org.instella.jobs.merging;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.instella.ensemble.ModelDistances;
import org.instella.ensemble.ModelDistances.Distance;

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
    card(out, "Cosine of the weights", chart("Cosine per layer", Distance::cosine));
    card(
        out,
        "Norm of the difference, against the mean norm of the two",
        chart("Relative difference per layer", Distance::relativeDifference));
    card(
        out,
        "Norm of the difference",
        chart("Norm of the difference per layer", Distance::differenceNorm));
    if (withBase && distances.models().size() > 2) {
      card(out, "Cosine of the updates since the base", updates());
    }
    return out.append("</div>").toString();
  }

  private static void card(StringBuilder out, String title, LineChart chart) {
    out.append("<div class=\"card\"><p class=\"chart-title\">").append(title).append("</p>");
    out.append(chart.legend()).append(chart.render()).append("</div>");
  }

  private LineChart chart(String label, ToDoubleFunction<Distance> value) {
    List<LineChart.Curve> curves = new ArrayList<>();
    for (Pair pair : pairs(distances.models().size())) {
      List<Double> values =
          distances.layers().stream()
              .filter(row -> row.a() == pair.a() && row.b() == pair.b())
              .map(row -> value.applyAsDouble(row))
              .toList();
      curves.add(new LineChart.Curve(name(pair), places(values.size()), values));
    }
    return new LineChart(label, "layer", labels(), curves);
  }

  private LineChart updates() {
    List<LineChart.Curve> curves = new ArrayList<>();
    for (Pair pair : pairs(distances.models().size() - 1)) {
      List<Double> values = List.copyOf(cosines(pair).values());
      curves.add(new LineChart.Curve(name(pair), places(values.size()), values));
    }
    return new LineChart("Cosine of updates per layer", "layer", labels(), curves);
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

  private static List<Double> places(int count) {
    List<Double> places = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      places.add((double) i);
    }
    return places;
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
