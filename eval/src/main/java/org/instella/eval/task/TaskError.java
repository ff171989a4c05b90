package org.instella.eval.task;

import org.instella.conf.error.ErrorCode;

/** What can be wrong with a task or its items. */
public enum TaskError implements ErrorCode {
  UNKNOWN_TASK,
  BAD_TASK,
  MISSING_ITEMS,
  BAD_ITEM,
  BAD_REQUEST_ROW
}
