package org.instella.train;

import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A step that somebody should look at, with the documents behind it.
 *
 * @param step the step
 * @param kind why
 * @param loss of the global batch
 * @param bound what the loss exceeded; not a number for a skipped batch
 * @param gradientNorm global, before clipping
 * @param microBatches those with the largest loss
 * @param documents of these micro-batches: source, file, line, id
 */
public record Incident(
    long step,
    Kind kind,
    double loss,
    double bound,
    double gradientNorm,
    List<Integer> microBatches,
    List<String> documents) {

  /** Why a step is noted. */
  public enum Kind {
    /** Its loss stands out. */
    SPIKE,
    /** Its batch was used up without an update, because loss or gradient was not finite. */
    SKIPPED
  }

  public Incident {
    microBatches = List.copyOf(microBatches);
    documents = List.copyOf(documents);
  }

  /** As a line of {@code incidents.jsonl}. */
  SortedMap<String, Object> toLine() {
    SortedMap<String, Object> line = new TreeMap<>();
    line.put("step", step);
    line.put("kind", kind == Kind.SPIKE ? "spike" : "skipped");
    line.put("loss", loss);
    line.put("bound", bound);
    line.put("gradient_norm", gradientNorm);
    line.put("micro_batches", microBatches);
    line.put("documents", documents);
    return line;
  }
}
