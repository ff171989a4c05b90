package org.instella.eval.plan;

import java.io.Serializable;
import java.util.List;
import org.instella.eval.request.EvalRequest;

/**
 * Requests that are answered together: the options of one question, one generation, one text. An
 * answer is a function of its unit and the model alone.
 */
public record EvalUnit(UnitKey key, List<EvalRequest> requests) implements Serializable {
  public EvalUnit {
    requests = List.copyOf(requests);
  }

  /** Rough size, for balancing, for sorting and for saying how far a worker has come. */
  public long characters() {
    long sum = 0;
    for (EvalRequest request : requests) {
      sum += request.characters();
    }
    return sum;
  }
}
