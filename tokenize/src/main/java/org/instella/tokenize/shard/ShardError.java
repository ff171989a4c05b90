package org.instella.tokenize.shard;

import org.instella.conf.error.ErrorCode;

/** What can be wrong with token shards and the folders that hold them. */
enum ShardError implements ErrorCode {
  /** The bytes of a shard do not follow the format, or differ from what the manifest says. */
  SHARD_CORRUPT,
  /** A folder is no token data set, or one of another version. */
  NOT_A_DATASET,
  /** A position, document or id lies outside the shard. */
  OUT_OF_RANGE,
  /** A token id does not fit the shard or its tokenizer. */
  TOKEN_OUT_OF_RANGE,
  /** The end-of-document token is not in the vocabulary. */
  EOS_UNKNOWN,
  /** Too many lines of the input were bad. */
  TOO_MANY_REJECTED,
  /** A shard of a data set was not written. */
  SHARD_MISSING,
  /** A file of another format cannot be converted. */
  CONVERSION,
  /** Writing failed below: disk or network. */
  WRITE_FAILED
}
