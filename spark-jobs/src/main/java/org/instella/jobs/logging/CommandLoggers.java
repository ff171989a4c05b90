package org.instella.jobs.logging;

import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.slf4j.ILoggerFactory;
import org.slf4j.Logger;

/** Loggers by name, ours until the first foreign class asks for one. */
final class CommandLoggers implements ILoggerFactory {
  private static final String OURS = "org.instella.";

  private final LogLines lines;
  private final Supplier<ILoggerFactory> full;
  private final ConcurrentHashMap<String, Logger> ours = new ConcurrentHashMap<>();
  private volatile ILoggerFactory handedOver;

  /**
   * No logger so far.
   *
   * @param full starts the logging system that takes over
   */
  CommandLoggers(LogLines lines, Supplier<ILoggerFactory> full) {
    this.lines = lines;
    this.full = full;
  }

  @Override
  public Logger getLogger(String name) {
    if (handedOver == null && name.startsWith(OURS)) {
      return ours.computeIfAbsent(name, key -> new CommandLogger(key, lines, this::successor));
    }
    handOver();
    return handedOver.getLogger(name);
  }

  /** The factory in charge: Spark looks at its class to learn which logging system it has. */
  ILoggerFactory current() {
    return handedOver == null ? this : handedOver;
  }

  /** Where lines of a logger that was given out before go now; empty while they are ours. */
  private Optional<Logger> successor(String name) {
    return handedOver == null ? Optional.empty() : Optional.of(handedOver.getLogger(name));
  }

  private synchronized void handOver() {
    if (handedOver == null) {
      handedOver = full.get();
    }
  }
}
