package org.instella.train.data;

import org.instella.conf.error.ErrorCode;

/** What can go wrong between token shards and batches. */
public enum DataError implements ErrorCode {
  /** The temporary file of a large sample order cannot be written. */
  ORDER_INDEX_FAILED,
  /** The mixture has more samples than the order can number. */
  TOO_MANY_SAMPLES,
  /** A token data set cannot serve this run: empty, too short, or made with another tokenizer. */
  SOURCE_UNUSABLE,
  /** A token id that the model has no embedding for. */
  TOKEN_OUT_OF_VOCABULARY,
  /** The thread that reads ahead did not deliver. */
  READER_FAILED
}
