package org.instella.model.transformer;

/** Told when a range of the flat gradient is final, so that its reduction can start. */
@FunctionalInterface
public interface GradientsReady {
  /** For callers who wait for all. */
  GradientsReady IGNORED = (from, to) -> {};

  /**
   * Elements [from, to) will not be written again by this pass. Ranges come from the end of the
   * buffer to its start and cover every tensor once; called on the computing thread.
   */
  void ready(long from, long to);
}
