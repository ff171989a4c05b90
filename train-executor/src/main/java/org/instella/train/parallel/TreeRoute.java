package org.instella.train.parallel;

import java.io.IOException;

/**
 * Recursive halving and doubling with partner distances 1, 2, 4 (Thakur, Rabenseifner and Gropp
 * 2005).
 *
 * <p>Reduce-scatter halves the buffer at every distance: partners swap the halves that the other
 * keeps, so each element is summed as ((0+1)+(2+3))+((4+5)+(6+7)) wherever it ends. All-gather
 * walks the same way back. Each rank sends and receives (n-1)/n of the buffer per operation, the
 * least possible.
 */
record TreeRoute(int rank, int count) implements Route {

  @Override
  public void reduceScatter(long elements, Slice range, Mover mover) throws IOException {
    Slice whole = new Slice(0, elements);
    for (int distance = 1; distance < count; distance <<= 1) {
      Slice keep = half(whole, upperAt(distance));
      Slice send = half(whole, !upperAt(distance));
      int partner = rank ^ distance;
      mover.move(partner, send.within(range), partner, keep.within(range), true);
      whole = keep;
    }
  }

  @Override
  public void allGather(long elements, Mover mover) throws IOException {
    for (int distance = count / 2; distance >= 1; distance /= 2) {
      Slice own = Slice.of(elements, rank & (2 * distance - 1), 2 * distance);
      long sibling = upperAt(distance) ? own.first() - own.elements() : own.end();
      Slice theirs = new Slice(sibling, own.elements());
      int partner = rank ^ distance;
      mover.move(partner, own, partner, theirs, false);
    }
  }

  private boolean upperAt(int distance) {
    return (rank & distance) != 0;
  }

  private static Slice half(Slice whole, boolean upper) {
    long length = whole.elements() / 2;
    return new Slice(whole.first() + (upper ? length : 0), length);
  }
}
