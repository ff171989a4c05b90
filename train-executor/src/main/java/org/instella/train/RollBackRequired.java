package org.instella.train;

/**
 * All ranks have agreed to leave this road: the roll-back is written down, and each builds its
 * parts again from a checkpoint before it.
 */
final class RollBackRequired extends RuntimeException {
  private static final long serialVersionUID = 1L;

  RollBackRequired(long step) {
    super("roll-back of step " + step, null, false, false);
  }
}
