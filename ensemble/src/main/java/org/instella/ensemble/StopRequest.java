package org.instella.ensemble;

import java.util.function.BooleanSupplier;
import org.instella.conf.error.StoppedException;

/**
 * A wish to stop, looked at between pieces of work.
 *
 * @param asked true once somebody wants the work to end; asked by many threads
 */
record StopRequest(BooleanSupplier asked) {
  /**
   * Goes on unless asked to stop.
   *
   * @throws StoppedException where there is such a wish
   */
  void check() {
    if (asked.getAsBoolean()) {
      throw new StoppedException(
          MergeError.MERGE_STOPPED, "The merge was asked to stop; the same command goes on");
    }
  }
}
