package org.instella.eval.plan;

import org.instella.conf.error.ErrorCode;

/** What can go wrong between documents and results. */
public enum EvalError implements ErrorCode {
  BAD_ROW,
  MISSING_ROW,
  METRIC_WITHOUT_DATA,
  NOT_A_NUMBER
}
