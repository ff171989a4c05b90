package org.instella.tokenize.bpe;

/**
 * A tokenizer file that is well-formed but asks for something our encoder does not do; its message
 * says what. Whoever opens the file takes another implementation then.
 */
final class UnsupportedTokenizerException extends Exception {
  private static final long serialVersionUID = 1L;

  UnsupportedTokenizerException(String message) {
    super(message);
  }
}
