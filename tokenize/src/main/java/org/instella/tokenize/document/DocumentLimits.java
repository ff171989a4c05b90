package org.instella.tokenize.document;

import java.io.Serializable;
import org.instella.conf.settings.Range;
import org.instella.conf.settings.Settings;

/**
 * What input may cost: memory per line and unpacked bytes per packed byte.
 *
 * @param lineBytes a longer line is rejected without being held in memory
 * @param expansion how many times its packed size a file may unpack to; a larger one ends the task
 * @param expansionFreeBytes unpacked bytes that are allowed whatever the ratio
 * @param quarantinedBytes how much of a rejected line is kept
 */
public record DocumentLimits(
    long lineBytes, double expansion, long expansionFreeBytes, int quarantinedBytes)
    implements Serializable {

  /** 64 MiB a line; 400 times the packed size once more than 1 GiB is unpacked. */
  public static final DocumentLimits STANDARD =
      new DocumentLimits(64L << 20, 400, 1L << 30, 1 << 20);

  public DocumentLimits {
    if (lineBytes < 1 || lineBytes > 1L << 30 || quarantinedBytes < 0 || expansion < 1) {
      throw new IllegalArgumentException(
          "lineBytes %d, expansion %s, quarantinedBytes %d"
              .formatted(lineBytes, expansion, quarantinedBytes));
    }
  }

  /** Reads the section {@code limits} of a recipe. */
  public static DocumentLimits from(Settings limits) {
    return new DocumentLimits(
        limits
            .bytes("line", "longest line of input; longer ones are rejected")
            .in(Range.closed(1, 1L << 30))
            .orElse(STANDARD.lineBytes()),
        limits
            .number("expansion", "how many times its packed size a file may unpack to")
            .atLeast(1)
            .orElse(STANDARD.expansion()),
        limits
            .bytes("expansion-free", "unpacked bytes that are allowed whatever the ratio")
            .orElse(STANDARD.expansionFreeBytes()),
        (int)
            limits
                .bytes("quarantined", "how much of a rejected line is kept")
                .in(Range.closed(0, 64L << 20))
                .orElse((long) STANDARD.quarantinedBytes())
                .longValue());
  }
}
