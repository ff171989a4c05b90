package org.instella.eval.task;

/** How the results of subtasks become one number. */
public enum Aggregation {
  /** Plain mean over subtasks. */
  MACRO,
  /** Mean weighted by the number of documents. */
  MICRO
}
