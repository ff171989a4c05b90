package org.instella.train.parallel;

import java.io.Serializable;
import java.time.Duration;
import java.util.Optional;
import org.instella.conf.settings.Settings;

/**
 * How ranks talk to each other, and their patience.
 *
 * @param join how long ranks wait for each other at the start
 * @param silence how long a peer may send no sign of life; it sends four within that time, also
 *     while it computes
 * @param operation how long one collective may wait for peers that are alive, which covers their
 *     slowest step
 * @param transport what carries tensors
 * @param ncclLibrary name or path of NCCL or RCCL; empty: looked for
 * @param ports at which ranks listen
 */
public record TcpOptions(
    Duration join,
    Duration silence,
    Duration operation,
    Transport transport,
    Optional<String> ncclLibrary,
    PortRange ports)
    implements Serializable {

  /** What carries tensors between ranks; small messages always go over TCP. */
  public enum Transport {
    /** NCCL between cards, TCP between CPUs. */
    AUTO,
    /** TCP; tensors of cards go through host memory. */
    TCP,
    /** NCCL or RCCL; cards only. */
    NCCL
  }

  /** Patience with everything else as it comes. */
  public TcpOptions(Duration join, Duration silence, Duration operation) {
    this(join, silence, operation, Transport.AUTO, Optional.empty(), PortRange.ANY);
  }

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
            .orElse(DEFAULT.operation()),
        group
            .choice("transport", "what carries tensors between ranks", Transport.class)
            .orElse(Transport.AUTO),
        group
            .text("nccl-library", "name or path of NCCL or RCCL; looked for if not given")
            .optional(),
        PortRange.from(group));
  }
}
