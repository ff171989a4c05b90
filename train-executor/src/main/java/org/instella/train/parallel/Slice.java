package org.instella.train.parallel;

/**
 * The part of a flat buffer that one rank owns.
 *
 * @param first index of the first element
 * @param elements number of elements
 */
public record Slice(long first, long elements) {

  /** Index after the last element. */
  public long end() {
    return first + elements;
  }

  /** The elements that lie in both; length 0 if there are none. */
  public Slice within(Slice range) {
    long from = Math.max(first, range.first());
    long to = Math.min(end(), range.end());
    return to > from ? new Slice(from, to - from) : new Slice(first, 0);
  }

  /**
   * The slice that rank {@code rank} of {@code count} keeps after a reduce-scatter by recursive
   * halving with partner distances 1, 2, 4: the first bit of the rank decides the half, the second
   * the quarter, and so on.
   *
   * @param elements length of the whole buffer, divisible by {@code count}
   */
  public static Slice of(long elements, int rank, int count) {
    long first = 0;
    long length = elements;
    for (int distance = 1; distance < count; distance <<= 1) {
      length /= 2;
      if ((rank & distance) != 0) {
        first += length;
      }
    }
    return new Slice(first, length);
  }
}
