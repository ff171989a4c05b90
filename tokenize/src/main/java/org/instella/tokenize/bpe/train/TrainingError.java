package org.instella.tokenize.bpe.train;

import org.instella.conf.error.ErrorCode;

/** Why a vocabulary cannot be trained. */
enum TrainingError implements ErrorCode {
  /** The size asked for does not even hold the specials and the 256 bytes. */
  VOCABULARY_TOO_SMALL,
  /** There is no text to train on. */
  NO_TEXT
}
