package org.instella.eval.metric;

import java.util.Arrays;
import java.util.Optional;

/** What is measured on a generated answer. */
public enum GenerationMetric implements Metric {
  /** 1 if the extracted answer equals the target after the task's normalisation. */
  EXACT_MATCH("exact_match");

  private final String id;

  GenerationMetric(String id) {
    this.id = id;
  }

  @Override
  public String id() {
    return id;
  }

  @Override
  public String harnessName() {
    return id;
  }

  @Override
  public boolean higherIsBetter() {
    return true;
  }

  /** The metric of this name. */
  public static Optional<GenerationMetric> named(String id) {
    return Arrays.stream(values()).filter(metric -> metric.id.equals(id)).findFirst();
  }
}
