package org.instella.ensemble.search;

/** The loss of a model on data that no model was trained on; smaller is better. */
@FunctionalInterface
public interface HeldOutLoss {
  /**
   * Evaluates a model. Must give the same number for the same weights; who remembers numbers by
   * {@link Candidate#identity} need not look at the model again.
   *
   * @return mean loss, finite
   */
  double of(Candidate candidate);
}
