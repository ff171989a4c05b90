package org.instella.conf.error;

/** The recipe or the command line is wrong. */
public final class ConfigurationException extends InstellaException {
  private static final long serialVersionUID = 1L;

  public ConfigurationException(ErrorCode code, String message) {
    this(code, message, null);
  }

  public ConfigurationException(ErrorCode code, String message, Throwable cause) {
    super(code, message, cause);
  }

  @Override
  public ErrorCategory category() {
    return ErrorCategory.CONFIG;
  }
}
