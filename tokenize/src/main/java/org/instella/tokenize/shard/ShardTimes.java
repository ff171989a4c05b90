package org.instella.tokenize.shard;

import java.io.Serializable;
import org.instella.tokenize.document.ReadTimes;

/** Where the time of a task went, in nanoseconds; the parts do not overlap. */
public record ShardTimes(
    long readNanos, long unpackNanos, long parseNanos, long encodeNanos, long writeNanos)
    implements Serializable {
  public static final ShardTimes NONE = new ShardTimes(0, 0, 0, 0, 0);

  /** These and those of another task. */
  public ShardTimes plus(ShardTimes other) {
    return new ShardTimes(
        readNanos + other.readNanos,
        unpackNanos + other.unpackNanos,
        parseNanos + other.parseNanos,
        encodeNanos + other.encodeNanos,
        writeNanos + other.writeNanos);
  }

  ShardTimes plus(ReadTimes reading) {
    return plus(
        new ShardTimes(reading.readNanos(), reading.unpackNanos(), reading.parseNanos(), 0, 0));
  }

  /** The whole. */
  public long totalNanos() {
    return readNanos + unpackNanos + parseNanos + encodeNanos + writeNanos;
  }
}
