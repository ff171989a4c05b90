package org.instella.train.data;

/**
 * numpy's {@code PCG64}: a 128-bit linear congruential generator with the XSL-RR output function.
 *
 * @see <a href="https://www.pcg-random.org">M. E. O'Neill, PCG</a>
 */
final class Pcg64 {
  // 0x2360ed051fc65da44385df649fccf645, the default 128-bit multiplier of PCG.
  private static final long MULTIPLIER_HIGH = 0x2360ed051fc65da4L;
  private static final long MULTIPLIER_LOW = 0x4385df649fccf645L;

  private final long incrementHigh;
  private final long incrementLow;
  private long stateHigh;
  private long stateLow;
  private boolean halfLeft;
  private int half;

  /** The generator {@code numpy.random.PCG64(seed)}. */
  Pcg64(long seed) {
    long[] words = new SeedSequence(seed).generate(4);
    // The stream selector is shifted in as 2 * stream + 1: an odd increment gives the full period.
    incrementHigh = words[2] << 1 | words[3] >>> 63;
    incrementLow = words[3] << 1 | 1;
    advance();
    add(words[0], words[1]);
    advance();
  }

  /** The next raw output. */
  long nextLong() {
    advance();
    return Long.rotateRight(stateHigh ^ stateLow, (int) (stateHigh >>> 58));
  }

  /** The next 32 bits: the low half of an output first, then its high half. */
  int nextInt() {
    if (halfLeft) {
      halfLeft = false;
      return half;
    }
    long value = nextLong();
    halfLeft = true;
    half = (int) (value >>> 32);
    return (int) value;
  }

  /** An integer in [0, max] by masked rejection, as numpy's shuffle draws it. */
  long nextAtMost(long max) {
    if (max == 0) {
      return 0;
    }
    long mask = -1L >>> Long.numberOfLeadingZeros(max);
    long value;
    if (max <= 0xffffffffL) {
      do {
        value = nextInt() & mask;
      } while (value > max);
    } else {
      do {
        value = nextLong() & mask;
      } while (value > max);
    }
    return value;
  }

  private void advance() {
    long high =
        Math.multiplyHigh(stateLow, MULTIPLIER_LOW)
            // multiplyHigh is signed: correct both operands to unsigned.
            + ((stateLow >> 63) & MULTIPLIER_LOW)
            + ((MULTIPLIER_LOW >> 63) & stateLow)
            + stateHigh * MULTIPLIER_LOW
            + stateLow * MULTIPLIER_HIGH;
    stateLow *= MULTIPLIER_LOW;
    stateHigh = high;
    add(incrementHigh, incrementLow);
  }

  private void add(long high, long low) {
    long sum = stateLow + low;
    stateHigh += high + (Long.compareUnsigned(sum, low) < 0 ? 1 : 0);
    stateLow = sum;
  }
}
