package org.instella.train.parallel;

import java.io.IOException;

/**
 * Around a ring: every rank sends to the next and receives from the one before, so a network of any
 * shape carries each link's traffic once in each direction. The slice of rank r is summed in the
 * order r+1, r+2, ..., r: another number of ranks gives other bits.
 */
record RingRoute(int rank, int count) implements Route {

  @Override
  public void reduceScatter(long elements, Slice range, Mover mover) throws IOException {
    for (int step = 1; step < count; step++) {
      Slice send = sliceOf(elements, rank - step).within(range);
      Slice receive = sliceOf(elements, rank - step - 1).within(range);
      mover.move(next(), send, before(), receive, true);
    }
  }

  @Override
  public void allGather(long elements, Mover mover) throws IOException {
    for (int step = 0; step < count - 1; step++) {
      Slice send = sliceOf(elements, rank - step);
      Slice receive = sliceOf(elements, rank - step - 1);
      mover.move(next(), send, before(), receive, false);
    }
  }

  private int next() {
    return (rank + 1) % count;
  }

  private int before() {
    return (rank + count - 1) % count;
  }

  private Slice sliceOf(long elements, int owner) {
    return Slice.of(elements, Math.floorMod(owner, count), count);
  }
}
