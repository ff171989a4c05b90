package org.instella.conf.error;

/** A state that our own code promised to exclude. */
public final class BugException extends InstellaException {
  private static final long serialVersionUID = 1L;

  public BugException(ErrorCode code, String message) {
    this(code, message, null);
  }

  public BugException(ErrorCode code, String message, Throwable cause) {
    super(code, message, cause);
  }

  @Override
  public ErrorCategory category() {
    return ErrorCategory.BUG;
  }
}
