package org.instella.tokenize.bpe.split;

/** A split pattern or step that this package does not reproduce; another implementation must. */
public final class UnsupportedPatternException extends Exception {
  private static final long serialVersionUID = 1L;

  public UnsupportedPatternException(String message) {
    super(message);
  }
}
