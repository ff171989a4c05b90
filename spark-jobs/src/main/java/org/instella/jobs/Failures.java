package org.instella.jobs;

import org.instella.conf.error.BugException;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.error.DataException;
import org.instella.conf.error.EnvironmentException;
import org.instella.conf.error.ErrorCategory;
import org.instella.conf.error.ErrorCode;
import org.instella.conf.error.InstellaException;
import org.instella.conf.error.StoppedException;

/** Failures said again in another place: same category, same code, other words. */
public final class Failures {
  private Failures() {}

  public static InstellaException of(
      ErrorCategory category, ErrorCode code, String message, Throwable cause) {
    return switch (category) {
      case CONFIG -> new ConfigurationException(code, message, cause);
      case DATA -> new DataException(code, message, cause);
      case ENVIRONMENT -> new EnvironmentException(code, message, cause);
      case STOPPED -> new StoppedException(code, message, cause);
      case BUG -> new BugException(code, message, cause);
    };
  }

  /** The same failure with the name of the step in front. */
  public static InstellaException inStep(String step, InstellaException failure) {
    return of(failure.category(), failure.code(), step + ": " + failure.getMessage(), failure);
  }
}
