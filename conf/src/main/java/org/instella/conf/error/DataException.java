package org.instella.conf.error;

/** An input is missing, malformed or damaged. */
public final class DataException extends InstellaException {
  private static final long serialVersionUID = 1L;

  public DataException(ErrorCode code, String message) {
    this(code, message, null);
  }

  public DataException(ErrorCode code, String message, Throwable cause) {
    super(code, message, cause);
  }

  @Override
  public ErrorCategory category() {
    return ErrorCategory.DATA;
  }
}
