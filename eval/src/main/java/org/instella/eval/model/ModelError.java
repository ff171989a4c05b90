package org.instella.eval.model;

import org.instella.conf.error.ErrorCode;

/** What can be wrong with a model to evaluate. */
public enum ModelError implements ErrorCode {
  TOKENIZER_TOO_LARGE,
  LENGTH_TOO_LARGE,
  BAD_TOKENIZER_CONFIG,
  BAD_PAIR_LINE,
  NO_TOKENIZER
}
