package org.instella.eval.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import org.instella.conf.error.DataException;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;

/**
 * The training loss of one run over its steps.
 *
 * @param panel runs with the same panel share a chart: {@code stage 1}, {@code stage 2}
 * @param name of the run, as in the tables
 */
public record RunCurve(String panel, String name, ModelColumn.Role role, List<Point> points) {
  private static final ObjectMapper JSON = new ObjectMapper();

  public RunCurve {
    points = List.copyOf(points);
  }

  /** Loss after one step. */
  public record Point(double step, double loss) {}

  /**
   * Reads {@code metrics.jsonl}: objects with {@code step} and {@code loss}; lines without a finite
   * loss (held-out measurements, skipped steps) are left out.
   *
   * @throws DataException naming the line that is no JSON
   */
  public static RunCurve read(
      Storage storage, Location metrics, String panel, String name, ModelColumn.Role role) {
    List<Point> points = new ArrayList<>();
    int number = 0;
    for (String line : storage.readText(metrics).lines().toList()) {
      number++;
      if (line.isBlank()) {
        continue;
      }
      JsonNode row = parse(line, metrics + " line " + number);
      if (row.path("step").isNumber()
          && row.path("loss").isNumber()
          && Double.isFinite(row.path("loss").asDouble())) {
        points.add(new Point(row.get("step").asDouble(), row.get("loss").asDouble()));
      }
    }
    return new RunCurve(panel, name, role, points);
  }

  private static JsonNode parse(String line, String origin) {
    try {
      return JSON.readTree(line);
    } catch (JsonProcessingException e) {
      throw new DataException(
          ReportError.BAD_METRICS,
          "%s is no JSON: %s".formatted(origin, e.getOriginalMessage()),
          e);
    }
  }

  /**
   * The curve with each point replaced by the mean of its neighbourhood, a fiftieth of the run
   * wide: what the eye should follow.
   */
  RunCurve smoothed() {
    int half = Math.max(1, points.size() / 50);
    List<Point> smooth = new ArrayList<>();
    for (int i = 0; i < points.size(); i++) {
      // The window shrinks at the ends on both sides, so that the curve does not lag there.
      int reach = Math.min(half, Math.min(i, points.size() - 1 - i));
      double sum = 0;
      for (int j = i - reach; j <= i + reach; j++) {
        sum += points.get(j).loss();
      }
      smooth.add(new Point(points.get(i).step(), sum / (2 * reach + 1)));
    }
    return new RunCurve(panel, name, role, smooth);
  }

  /** At most {@code count} points, each the mean of a stretch. */
  RunCurve thinned(int count) {
    if (points.size() <= count) {
      return this;
    }
    List<Point> kept = new ArrayList<>();
    for (int bin = 0; bin < count; bin++) {
      List<Point> stretch =
          points.subList(
              (int) ((long) bin * points.size() / count),
              (int) ((bin + 1L) * points.size() / count));
      kept.add(
          new Point(
              stretch.stream().mapToDouble(Point::step).average().orElseThrow(),
              stretch.stream().mapToDouble(Point::loss).average().orElseThrow()));
    }
    return new RunCurve(panel, name, role, kept);
  }
}
