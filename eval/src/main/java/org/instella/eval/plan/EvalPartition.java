package org.instella.eval.plan;

import java.io.Serializable;
import java.util.List;

/** Units that one worker answers, one after the other. */
public record EvalPartition(int index, List<EvalUnit> units) implements Serializable {
  public EvalPartition {
    units = List.copyOf(units);
  }

  /** Rough size of all its units. */
  public long characters() {
    return units.stream().mapToLong(EvalUnit::characters).sum();
  }
}
