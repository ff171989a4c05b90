package org.instella.conf.error;

/**
 * A failure with a name and a category. The message is one line for a person: what cannot be done,
 * why, the offending value, and what to do.
 */
public abstract class InstellaException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  // Rooms implement it with enums, which are serializable: an error keeps its code on the way home.
  @SuppressWarnings("serial")
  private final ErrorCode code;

  protected InstellaException(ErrorCode code, String message, Throwable cause) {
    super(message, cause);
    this.code = code;
  }

  public final ErrorCode code() {
    return code;
  }

  public abstract ErrorCategory category();
}
