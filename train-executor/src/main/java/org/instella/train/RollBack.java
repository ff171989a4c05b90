package org.instella.train;

import java.util.List;

/**
 * One return of a run to a checkpoint before a step whose loss or gradient was not finite.
 *
 * <p>It passes over the batches of steps {@code firstPassed} to {@code step}: they are used up
 * without an update. So what comes out is a function of recipe, data and these numbers alone, and
 * not of which checkpoint the run went back to.
 *
 * @param step the step in question
 * @param firstPassed first step that is passed over; {@code step} is the last
 * @param reason loss, norm and micro-batches, in words
 * @param documents those of the micro-batches in question: source, file, line, id
 */
public record RollBack(long step, long firstPassed, String reason, List<String> documents) {
  public RollBack {
    documents = List.copyOf(documents);
  }

  /** Whether the batch of a step is used up without an update because of this. */
  public boolean passes(long aStep) {
    return firstPassed <= aStep && aStep <= step;
  }
}
