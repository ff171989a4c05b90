package org.instella.jobs.progress;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The newest numbers of a run in Spark's metrics system, on the driver: {@code RUN.loss}, {@code
 * RUN.tokens-per-second} and so on below the source of our plugin. Sinks are Spark's own business
 * ({@code spark.metrics.conf.*}).
 */
public final class RunMetrics implements AutoCloseable {
  private static final Map<String, RunMetrics> runs = new ConcurrentHashMap<>();
  private static volatile MetricRegistry registry;

  private final String run;
  private final Map<String, Double> values = new ConcurrentHashMap<>();

  private RunMetrics(String run) {
    this.run = run;
  }

  /** The metrics of a run of this driver, while it runs. */
  public static RunMetrics of(String run) {
    RunMetrics metrics = new RunMetrics(run);
    runs.put(run, metrics);
    return metrics;
  }

  /** The registry of a new application. Spark takes note of it only if there is something in it. */
  static void attach(MetricRegistry fresh) {
    Gauge<Integer> count = runs::size;
    fresh.register("runs", count);
    registry = fresh;
  }

  /** Sets a number. */
  public void set(String key, double value) {
    values.put(key, value);
    MetricRegistry there = registry;
    if (there != null) {
      there.gauge(MetricRegistry.name(run, key), () -> () -> values.get(key));
    }
  }

  /** The run ended: its numbers go. */
  @Override
  public void close() {
    runs.remove(run, this);
    MetricRegistry there = registry;
    if (there != null) {
      values.keySet().forEach(key -> there.remove(MetricRegistry.name(run, key)));
    }
  }
}
