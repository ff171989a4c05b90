package org.instella.jobs.cluster;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.Serial;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.instella.conf.error.ErrorCategory;
import org.instella.conf.error.ErrorCode;
import org.instella.conf.error.InstellaException;
import org.instella.jobs.Failures;
import org.instella.jobs.JobError;

/**
 * How a task's failure travels to the driver. Spark keeps only the text of a task's exception, so
 * category, code and message ride in that text and are read back from it.
 */
public final class TaskFailure extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  private static final Pattern MARK = Pattern.compile("instella-failure:([A-Za-z0-9+/=]+);");
  private static final ObjectMapper JSON = new ObjectMapper();

  /** What the driver needs to know of a failure. */
  public record Report(ErrorCategory category, String code, String task, String message) {

    /** The same failure as an exception of the driver. */
    public InstellaException toException(Throwable cause) {
      return Failures.of(category, new RemoteCode(code), message, cause);
    }
  }

  /** The code of an exception that was thrown in another process. */
  private record RemoteCode(String name) implements ErrorCode {}

  private TaskFailure(String text, Throwable cause) {
    super(text, cause);
  }

  /**
   * Wraps what a task threw.
   *
   * @param task what messages call it: {@code rank 1}, {@code part-00017}
   */
  public static TaskFailure of(String task, Throwable failure) {
    Report report = describe(task, failure);
    try {
      String json = JSON.writeValueAsString(report);
      String mark = Base64.getEncoder().encodeToString(json.getBytes(StandardCharsets.UTF_8));
      return new TaskFailure(
          "%s: %s [instella-failure:%s;]".formatted(task, report.message(), mark), failure);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The report inside the text of a Spark exception or any of its causes. */
  public static Optional<Report> find(Throwable sparkFailure) {
    for (Throwable t = sparkFailure; t != null; t = t.getCause()) {
      Matcher matcher = MARK.matcher(String.valueOf(t.getMessage()));
      if (matcher.find()) {
        try {
          byte[] json = Base64.getDecoder().decode(matcher.group(1));
          return Optional.of(JSON.readValue(json, Report.class));
        } catch (java.io.IOException | IllegalArgumentException e) {
          return Optional.empty();
        }
      }
    }
    return Optional.empty();
  }

  private static Report describe(String task, Throwable failure) {
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (t instanceof InstellaException ours) {
        return new Report(ours.category(), ours.code().name(), task, ours.getMessage());
      }
    }
    boolean environment =
        failure instanceof java.io.IOException
            || failure instanceof java.io.UncheckedIOException
            || failure instanceof OutOfMemoryError
            || failure instanceof InterruptedException;
    return new Report(
        environment ? ErrorCategory.ENVIRONMENT : ErrorCategory.BUG,
        JobError.UNEXPECTED_FAILURE.name(),
        task,
        "%s failed: %s".formatted(task, failure));
  }
}
