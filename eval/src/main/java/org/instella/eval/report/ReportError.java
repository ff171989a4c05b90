package org.instella.eval.report;

import org.instella.conf.error.ErrorCode;

/** What can be wrong with what a report is made from. */
public enum ReportError implements ErrorCode {
  BAD_METRICS,
  COLUMNS_DIFFER
}
