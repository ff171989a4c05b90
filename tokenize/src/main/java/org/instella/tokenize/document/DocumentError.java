package org.instella.tokenize.document;

import org.instella.conf.error.ErrorCode;

/** What can be wrong with a whole input file, as opposed to one of its lines. */
enum DocumentError implements ErrorCode {
  /** No file, or none of a known format, where documents were expected. */
  NO_INPUT,
  /** The ending of a name says no format that can be read. */
  UNKNOWN_FORMAT,
  /** A compressed file ends in the middle. */
  TRUNCATED_FILE,
  /** The bytes of a file do not follow its format. */
  DAMAGED_FILE,
  /** A column is missing or has another type. */
  WRONG_COLUMN,
  /** A file unpacks to far more than its size lets expect. */
  DECOMPRESSION_BOMB,
  /** A file is shorter or longer than it was when the work was planned. */
  FILE_CHANGED,
  /** Reading failed below: disk or network. */
  READ_FAILED
}
