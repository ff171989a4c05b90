package org.instella.eval.loss;

import org.instella.conf.error.ErrorCode;

/** What can be wrong with held-out text. */
public enum HeldOutError implements ErrorCode {
  BAD_DOCUMENT,
  NO_DOCUMENTS,
  OTHER_TOKENIZER
}
