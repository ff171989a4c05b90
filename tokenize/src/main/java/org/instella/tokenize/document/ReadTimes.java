package org.instella.tokenize.document;

/**
 * What reading has cost so far: nanoseconds and bytes, counted by the thread that reads.
 *
 * <p>The parts do not overlap: unpacking does not count the reading below it, parsing neither.
 */
public final class ReadTimes {
  private long readNanos;
  private long unpackNanos;
  private long parseNanos;
  private long storedBytes;
  private long unpackedBytes;

  /** Waiting for bytes from storage. */
  public long readNanos() {
    return readNanos;
  }

  /** Decompressing. */
  public long unpackNanos() {
    return unpackNanos;
  }

  /** Finding lines, checking UTF-8, parsing. */
  public long parseNanos() {
    return parseNanos;
  }

  /** Bytes taken from storage. */
  public long storedBytes() {
    return storedBytes;
  }

  /** Bytes after decompression. */
  public long unpackedBytes() {
    return unpackedBytes;
  }

  void addRead(long nanos, long bytes) {
    readNanos += nanos;
    storedBytes += bytes;
  }

  void addUnpacked(long nanos, long bytes) {
    unpackNanos += nanos;
    unpackedBytes += bytes;
  }

  void addParse(long nanos) {
    parseNanos += nanos;
  }
}
