package org.instella.tokenize.bpe;

import org.instella.conf.error.ErrorCode;

/** What can be wrong with a tokenizer file or what is asked of a tokenizer. */
enum TokenizerError implements ErrorCode {
  /** The file is no {@code tokenizer.json}, or not a consistent one. */
  MALFORMED_TOKENIZER,
  /** The file asks for something that no implementation here does. */
  UNSUPPORTED_TOKENIZER,
  /** An id is outside the vocabulary. */
  ID_OUT_OF_RANGE,
  /** The native library of the tokenizers could not be loaded. */
  NATIVE_LIBRARY,
  /** A vocabulary cannot be trained as asked. */
  TRAINING
}
