package org.instella.jobs.logging;

import org.slf4j.ILoggerFactory;
import org.slf4j.IMarkerFactory;
import org.slf4j.helpers.BasicMarkerFactory;
import org.slf4j.helpers.NOPMDCAdapter;
import org.slf4j.spi.MDCAdapter;
import org.slf4j.spi.SLF4JServiceProvider;

/**
 * What {@code -Dslf4j.provider} names: loggers of our own as long as only our classes log, log4j2
 * from the first foreign one on, which is how Spark, Hadoop and DJL come in. Starting log4j2 takes
 * a third of a second, more than most of these commands need for everything else.
 */
public final class CommandLogProvider implements SLF4JServiceProvider {
  private final CommandLoggers loggers =
      new CommandLoggers(
          LogLines.standard(),
          () -> {
            SLF4JServiceProvider log4j = new org.apache.logging.slf4j.SLF4JServiceProvider();
            log4j.initialize();
            return log4j.getLoggerFactory();
          });
  private final IMarkerFactory markers = new BasicMarkerFactory();
  private final MDCAdapter contexts = new NOPMDCAdapter(); // no pattern of ours prints one

  @Override
  public void initialize() {
    // Nothing is opened before the first line.
  }

  @Override
  public ILoggerFactory getLoggerFactory() {
    return loggers.current();
  }

  @Override
  public IMarkerFactory getMarkerFactory() {
    return markers;
  }

  @Override
  public MDCAdapter getMDCAdapter() {
    return contexts;
  }

  @Override
  public String getRequestedApiVersion() {
    return "2.0.99"; // any of SLF4J 2
  }
}
