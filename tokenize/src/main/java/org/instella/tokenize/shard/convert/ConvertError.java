package org.instella.tokenize.shard.convert;

import org.instella.conf.error.ErrorCode;

/** Why token files of others cannot be converted. */
enum ConvertError implements ErrorCode {
  /** No shard of the format is in the folder. */
  NO_SHARDS,
  /** The files of a shard contradict each other, or themselves. */
  INCONSISTENT_FILES,
  /** The ids are of a type that token ids do not have. */
  UNSUPPORTED_TYPE,
  /** Reading or writing failed below: disk or network. */
  TRANSFER_FAILED
}
