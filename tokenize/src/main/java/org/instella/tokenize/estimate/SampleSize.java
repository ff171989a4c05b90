package org.instella.tokenize.estimate;

/**
 * How much of a source is looked at.
 *
 * @param places places of the source that are read, spread evenly over its stored bytes
 * @param bytes stored bytes read at each
 * @param seed where the first place is; the same seed looks at the same places
 */
public record SampleSize(int places, long bytes, long seed) {
  /** Sixteen places of 1 MiB: a few seconds a source. */
  public static final SampleSize STANDARD = new SampleSize(16, 1 << 20, 0);

  public SampleSize {
    if (places < 1 || bytes < 1) {
      throw new IllegalArgumentException("%d places of %d bytes".formatted(places, bytes));
    }
  }

  /** Stored bytes of all places. */
  long total() {
    return Math.multiplyExact(places, bytes);
  }
}
