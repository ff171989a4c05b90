package org.instella.model.checkpoint;

import org.instella.conf.error.ErrorCode;

/** Failures of model folders and the files in them. */
public enum ModelFileError implements ErrorCode {
  /** A safetensors file that breaks its own format. */
  SAFETENSORS_MALFORMED,
  /** A tensor that the model needs is in no file. */
  TENSOR_MISSING,
  /** Tensors of a file do not fit the model: extra names, other shapes, other types. */
  TENSORS_DIFFER,
  /** A type of numbers that weights cannot have. */
  DTYPE_NOT_SUPPORTED,
  /** A folder without {@code config.json} or without weights. */
  NOT_A_MODEL_FOLDER,
  /** JSON that cannot be read, or lacks a field. */
  CONFIG_MALFORMED,
  /** A shard index that does not agree with its shards. */
  INDEX_MALFORMED,
  /** A tokenizer with more ids than the embedding has rows. */
  VOCABULARY_TOO_LARGE,
  /** A tokenizer file that cannot be read. */
  TOKENIZER_MALFORMED,
  /** Bytes could not be read. */
  READ_FAILED,
  /** Bytes could not be written. */
  WRITE_FAILED
}
