package org.instella.eval.metric;

/** Something measured per document and averaged over a task. */
public sealed interface Metric permits ChoiceMetric, GenerationMetric {

  /** Name in task files, tables and result files. */
  String id();

  /** Name under which lm-evaluation-harness files hold it. */
  String harnessName();

  boolean higherIsBetter();
}
