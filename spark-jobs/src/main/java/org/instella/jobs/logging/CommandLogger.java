package org.instella.jobs.logging;

import java.util.Optional;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.Marker;
import org.slf4j.event.Level;
import org.slf4j.helpers.LegacyAbstractLogger;
import org.slf4j.helpers.MessageFormatter;

/** Writes lines itself until there is a successor. */
final class CommandLogger extends LegacyAbstractLogger {
  private static final long serialVersionUID = 1;

  private final transient LogLines lines;
  private final transient Function<String, Optional<Logger>> successor;

  CommandLogger(String name, LogLines lines, Function<String, Optional<Logger>> successor) {
    this.name = name;
    this.lines = lines;
    this.successor = successor;
  }

  @Override
  public boolean isTraceEnabled() {
    return lines.takes(Level.TRACE);
  }

  @Override
  public boolean isDebugEnabled() {
    return lines.takes(Level.DEBUG);
  }

  @Override
  public boolean isInfoEnabled() {
    return lines.takes(Level.INFO);
  }

  @Override
  public boolean isWarnEnabled() {
    return lines.takes(Level.WARN);
  }

  @Override
  public boolean isErrorEnabled() {
    return lines.takes(Level.ERROR);
  }

  @Override
  protected String getFullyQualifiedCallerName() {
    return CommandLogger.class.getName();
  }

  @Override
  protected void handleNormalizedLoggingCall(
      Level level, Marker marker, String pattern, Object[] arguments, Throwable failure) {
    String message = MessageFormatter.basicArrayFormat(pattern, arguments);
    successor
        .apply(name)
        .ifPresentOrElse(
            logger -> logger.atLevel(level).setCause(failure).log(message),
            () -> lines.write(level, name, message, failure));
  }
}
