package org.instella.train.parallel;

import java.io.Serializable;
import java.time.Duration;
import org.instella.conf.settings.Settings;

/**
 * Patience of a TCP process group.
 *
 * @param join how long ranks wait for each other at the start
 * @param silence how long a peer may send no sign of life; it sends four within that time, also
 *     while it computes
 * @param operation how long one collective may wait for peers that are alive, which covers their
 *     slowest step
 */
public record TcpOptions(Duration join, Duration silence, Duration operation)
    implements Serializable {

  /** One minute to meet, ten seconds of silence, half an hour for an operation. */
  public static final TcpOptions DEFAULT =
      new TcpOptions(Duration.ofSeconds(60), Duration.ofSeconds(10), Duration.ofMinutes(30));

  /** Reads a section {@code group}. */
  public static TcpOptions from(Settings group) {
    return new TcpOptions(
        group
            .duration("join-timeout", "how long ranks wait for each other at the start")
            .orElse(DEFAULT.join()),
        group
            .duration("silence-timeout", "a peer that gives no sign of life for so long is lost")
            .orElse(DEFAULT.silence()),
        group
            .duration("operation-timeout", "how long a collective waits for living peers")
            .orElse(DEFAULT.operation()));
  }
}
