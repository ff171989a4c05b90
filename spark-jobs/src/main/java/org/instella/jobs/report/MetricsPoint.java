package org.instella.jobs.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.TreeMap;

/**
 * One logged step of {@code metrics.jsonl}.
 *
 * @param loss not a number where the step was passed over
 * @param spike whether the loss stands out
 * @param weightNorms by kind of weight; empty at most steps
 */
record MetricsPoint(
    long step,
    double loss,
    double gradientNorm,
    double learningRate,
    long tokens,
    double tokensPerSecond,
    double mfu,
    double mfuFull,
    double stepSeconds,
    double dataSeconds,
    boolean spike,
    Map<String, Double> weightNorms) {

  static MetricsPoint parse(JsonNode line) {
    Map<String, Double> norms = new TreeMap<>();
    line.path("weight_norms")
        .fields()
        .forEachRemaining(norm -> norms.put(norm.getKey(), norm.getValue().asDouble()));
    return new MetricsPoint(
        line.path("step").asLong(),
        number(line, "loss"),
        number(line, "gradient_norm"),
        number(line, "learning_rate"),
        line.path("tokens").asLong(),
        number(line, "tokens_per_second"),
        number(line, "mfu"),
        number(line, "mfu_full_attention"),
        number(line, "step_seconds"),
        number(line, "data_seconds"),
        line.has("spike_bound"),
        norms);
  }

  private static double number(JsonNode line, String key) {
    return line.path(key).isNumber() ? line.path(key).asDouble() : Double.NaN;
  }
}
