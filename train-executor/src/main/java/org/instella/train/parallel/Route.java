package org.instella.train.parallel;

import java.io.IOException;

/**
 * In which order ranks exchange the parts of a buffer. Says nothing about how bytes travel: the
 * same routes serve TCP and point-to-point calls between cards.
 */
sealed interface Route permits TreeRoute, RingRoute {

  /** Moves parts of one buffer between this rank and others. */
  interface Mover {
    /**
     * Sends one part to a rank and at the same time receives another part from a rank. Either may
     * be empty; what is received is added to the part or takes its place.
     */
    void move(int to, Slice send, int from, Slice receive, boolean add) throws IOException;
  }

  /**
   * Sums a range of a buffer; afterwards the range's part of this rank's slice holds the sum.
   *
   * @param elements length of the whole buffer, which decides the slices
   */
  void reduceScatter(long elements, Slice range, Mover mover) throws IOException;

  /** Fills a buffer from the slices of all ranks. */
  void allGather(long elements, Mover mover) throws IOException;

  /** The route of a rank. */
  static Route of(Reduction reduction, int rank, int count) {
    return switch (reduction) {
      case EXACT -> new TreeRoute(rank, count);
      case FAST -> new RingRoute(rank, count);
    };
  }
}
