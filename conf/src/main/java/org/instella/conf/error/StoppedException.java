package org.instella.conf.error;

/** The run was asked to stop and has saved its state. */
public final class StoppedException extends InstellaException {
  private static final long serialVersionUID = 1L;

  public StoppedException(ErrorCode code, String message) {
    this(code, message, null);
  }

  public StoppedException(ErrorCode code, String message, Throwable cause) {
    super(code, message, cause);
  }

  @Override
  public ErrorCategory category() {
    return ErrorCategory.STOPPED;
  }
}
