package org.instella.train.parallel;

import java.util.List;
import java.util.OptionalInt;

/**
 * One of the processes that train together: a barrier task in production, a thread in tests.
 *
 * <p>{@link #allGather} and {@link #barrier} go through the driver under Spark. They serve the
 * rendezvous and the agreement on a restart, never a training step; steps talk through a {@link
 * ProcessGroup}.
 */
public interface Rank {

  /** In [0, {@link #count()}). */
  int index();

  /** Number of ranks of this attempt. */
  int count();

  /**
   * Every rank's message, in the order of ranks. All ranks must call it equally often; a rank that
   * does not come leaves the others waiting until the stage fails.
   */
  List<String> allGather(String message);

  /** Returns once all ranks have called it. */
  void barrier();

  /**
   * Number of this attempt, counted from 0, the same in all ranks. Everything that crosses process
   * borders carries it, and what belongs to another generation is refused.
   */
  int generation();

  /** Name or address at which the other ranks reach this one; the listener binds to it. */
  default String host() {
    return "127.0.0.1";
  }

  /** Number of the card that the scheduler gave this rank; empty where it gives none. */
  default OptionalInt card() {
    return OptionalInt.empty();
  }

  /** Whether this rank does what only one must do: commit, log, report. */
  default boolean first() {
    return index() == 0;
  }

  /** The only rank of a group of one. */
  static Rank alone() {
    return new Rank() {
      @Override
      public int index() {
        return 0;
      }

      @Override
      public int count() {
        return 1;
      }

      @Override
      public List<String> allGather(String message) {
        return List.of(message);
      }

      @Override
      public void barrier() {}

      @Override
      public int generation() {
        return 0;
      }
    };
  }
}
