package org.instella.jobs.command;

import java.io.PrintWriter;
import java.util.LinkedHashSet;
import java.util.Set;
import org.instella.conf.error.ErrorCategory;
import org.instella.conf.error.InstellaException;

/**
 * A failure as a person reads it: one line (a recipe's problems each on their own), no stack trace.
 *
 * @param category decides the exit code
 */
record ErrorReport(ErrorCategory category, String message) {

  /** Looks for the failure of ours among the causes, and judges what is none. */
  static ErrorReport of(Throwable failure) {
    Set<Throwable> seen = new LinkedHashSet<>();
    for (Throwable t = failure; t != null && seen.add(t); t = t.getCause()) {
      if (t instanceof InstellaException ours) {
        return ours.category() == ErrorCategory.BUG
            ? bug(ours.getMessage())
            : new ErrorReport(ours.category(), ours.getMessage());
      }
      if (t instanceof OutOfMemoryError) {
        return new ErrorReport(
            ErrorCategory.ENVIRONMENT,
            "out of memory (%s); give the JVM more with INSTELLA_JAVA_OPTS=-Xmx8g"
                .formatted(t.getMessage()));
      }
      if (t instanceof java.io.IOException || t instanceof java.io.UncheckedIOException) {
        return new ErrorReport(ErrorCategory.ENVIRONMENT, firstLine(t));
      }
    }
    return bug(firstLine(failure));
  }

  private static ErrorReport bug(String what) {
    return new ErrorReport(
        ErrorCategory.BUG,
        what + " -- this is our mistake; please tell us, with the output of --debug");
  }

  private static String firstLine(Throwable t) {
    String message = t.getMessage() == null ? "" : t.getMessage().lines().findFirst().orElse("");
    return message.isEmpty()
        ? t.getClass().getName()
        : t.getClass().getSimpleName() + ": " + message;
  }

  /** Prints and gives the exit code. */
  int print(PrintWriter err, boolean debug, Throwable failure) {
    err.println("instella: " + message);
    if (debug) {
      failure.printStackTrace(err);
    }
    err.flush();
    return category.exitCode();
  }
}
