package org.instella.eval.plan;

import java.io.Serializable;
import java.util.Comparator;

/**
 * The name of a unit of work, the same in every run: rows are found by it, and a partition that is
 * answered twice gives the same rows under the same names.
 *
 * @param task name of the task, subtask or domain
 * @param document index of the document within it
 */
public record UnitKey(String task, int document, Part part)
    implements Serializable, Comparable<UnitKey> {
  private static final Comparator<UnitKey> ORDER =
      Comparator.comparing(UnitKey::task)
          .thenComparing(UnitKey::part)
          .thenComparingInt(UnitKey::document);

  /** Which of a document's questions. */
  public enum Part {
    CONDITIONAL,
    UNCONDITIONAL,
    GENERATION,
    TEXT
  }

  @Override
  public int compareTo(UnitKey other) {
    return ORDER.compare(this, other);
  }
}
