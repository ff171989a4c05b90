package org.instella.ensemble.search;

import org.instella.conf.storage.Location;

/** The loss of a model on data that no model was trained on; smaller is better. */
@FunctionalInterface
public interface HeldOutLoss {
  /**
   * Evaluates a model folder. Must give the same number for the same weights.
   *
   * @return mean loss, finite
   */
  double of(Location modelFolder);
}
