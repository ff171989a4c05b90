package org.instella.jobs.merging;

/** Which candidate of a search is kept. */
public enum PickRule {
  /** Smallest loss on the documents for choosing; of equals the one named first. */
  LOSS("the smallest loss on the documents for choosing"),
  /**
   * The first in the table whose loss is not significantly above the smallest: simple ones stand
   * first, and what is no better than chance does not justify a complicated one.
   */
  SIMPLEST(
      "the first whose loss on the documents for choosing is not significantly above the smallest"),
  /** Largest mean of the tasks' scores; of equals the one with the smaller loss. */
  ACCURACY("the largest mean of the task scores");

  private final String words;

  PickRule(String words) {
    this.words = words;
  }

  /** The rule for a reader of the report. */
  public String words() {
    return words;
  }
}
