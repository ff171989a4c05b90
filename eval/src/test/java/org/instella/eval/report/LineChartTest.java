package org.instella.eval.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.instella.eval.report.LineChart.Across;
import org.instella.eval.report.LineChart.Line;
import org.instella.eval.report.LineChart.Look;
import org.instella.eval.report.LineChart.Point;
import org.junit.jupiter.api.Test;

class LineChartTest {
  private static Line line(String name, Look look, double... values) {
    List<Point> points = new ArrayList<>();
    for (double value : values) {
      points.add(new Point(points.size(), value));
    }
    return new Line(name, look, LineChart.colour(0), points);
  }

  private static String card(Across across, Line... lines) {
    return new LineChart("Loss & more", across, List.of(lines), List.of()).card();
  }

  /** Vertical places of the points of the first line; the page counts downwards. */
  private static List<Double> heights(String card) {
    Matcher points = Pattern.compile("points=\"([^\"]*)\"").matcher(card);
    assertThat(points.find()).isTrue();
    List<Double> heights = new ArrayList<>();
    for (String point : points.group(1).split(" ")) {
      heights.add(Double.valueOf(point.split(",")[1]));
    }
    return heights;
  }

  @Test
  void whatCannotBeDrawnIsLeftOut() {
    assertThat(card(Across.ofSteps(), line("one", Look.PLAIN, 1))).isEmpty();
    assertThat(card(Across.ofSteps(), line("none", Look.PLAIN, Double.NaN, Double.NaN))).isEmpty();
    assertThat(heights(card(Across.ofSteps(), line("a", Look.PLAIN, 1, Double.NaN, 2)))).hasSize(2);
  }

  @Test
  void aPeakSurvivesTheThinning() {
    double[] values = new double[20_000];
    values[12_345] = 7;
    List<Double> heights = heights(card(Across.ofSteps(), line("a", Look.PLAIN, values)));
    assertThat(heights).hasSizeBetween(250, 500);
    assertThat(heights.stream().filter(height -> height < heights.get(0) - 100)).hasSize(1);
  }

  @Test
  void theStartOfARunDoesNotFlattenTheRest() {
    double[] values = new double[400];
    for (int i = 0; i < values.length; i++) {
      values[i] = i == 0 ? 1000 : 2 + i / 400.0;
    }
    List<Double> ofSteps = heights(card(Across.ofSteps(), line("a", Look.PLAIN, values)));
    List<Double> plain = heights(card(Across.of("x", List.of()), line("a", Look.PLAIN, values)));
    assertThat(ofSteps.get(1) - ofSteps.get(399)).as("the rest fills the frame").isGreaterThan(100);
    assertThat(plain.get(1) - plain.get(399)).isLessThan(1);
  }

  @Test
  void namesValuesAndLegendAreToldAndEscaped() {
    String card =
        card(
            Across.of("layer", List.of("embed", "<0>")),
            line("a < b", Look.DOTTED, 0.25, 0.5),
            line("faint", Look.FAINT, 1, 2));
    assertThat(card)
        .contains("Loss &amp; more")
        .contains("&lt;0&gt;")
        .contains("<title>a &lt; b: 0.250000</title>")
        .contains("<span style=\"--c:var(--seed-0)\">a &lt; b</span>")
        .doesNotContain(">faint<")
        .doesNotContain("dashed");
  }

  @Test
  void aSecondLineOfOneColourIsDashed() {
    String card =
        card(
            Across.ofSteps(),
            line("raw", Look.FAINT, 1, 2),
            line("first", Look.PLAIN, 1, 2),
            line("second", Look.PLAIN, 2, 1));
    assertThat(card)
        .contains(">first</span>")
        .contains(">second (dashed)</span>")
        .containsOnlyOnce("stroke-dasharray");
  }

  @Test
  void theLastTickEndsWithinThePicture() {
    Line line =
        new Line(
            "a", Look.PLAIN, LineChart.colour(0), List.of(new Point(0, 1), new Point(8000, 2)));
    assertThat(card(Across.ofSteps(), line)).contains("text-anchor=\"end\">8,000</text>");
  }
}
