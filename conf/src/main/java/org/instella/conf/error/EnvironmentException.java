package org.instella.conf.error;

/** The machine, the network, a disk or the cluster failed; the same call may succeed later. */
public final class EnvironmentException extends InstellaException {
  private static final long serialVersionUID = 1L;

  public EnvironmentException(ErrorCode code, String message) {
    this(code, message, null);
  }

  public EnvironmentException(ErrorCode code, String message, Throwable cause) {
    super(code, message, cause);
  }

  @Override
  public ErrorCategory category() {
    return ErrorCategory.ENVIRONMENT;
  }
}
