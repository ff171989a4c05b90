package org.instella.eval.request;

import org.instella.conf.error.ErrorCode;

/** What can be wrong with a request. */
public enum RequestError implements ErrorCode {
  CONTINUATION_WITHOUT_TOKENS,
  CONTINUATION_TOO_LONG,
  BAD_PAIR
}
