package org.instella.ensemble;

import org.instella.conf.error.ErrorCode;

/** Failures of merging. */
public enum MergeError implements ErrorCode {
  /** Models that differ in architecture, tensors, types or tokenizer. */
  MODELS_INCOMPATIBLE,
  /** NaN or infinity in a weight. */
  WEIGHT_NOT_FINITE,
  /** Directions that cancel, so that a method has no answer. */
  MERGE_UNDEFINED,
  /** Asked to stop, or the thread was interrupted; run it again and it resumes. */
  MERGE_STOPPED
}
