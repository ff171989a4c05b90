package org.instella.train.checkpoint;

import org.instella.conf.error.ErrorCode;

/** What can go wrong with checkpoints. */
public enum CheckpointError implements ErrorCode {
  /** The folder is no checkpoint, or lacks a part of one. */
  CHECKPOINT_INCOMPLETE,
  /** The checkpoint belongs to a model of another shape. */
  CHECKPOINT_MISMATCH,
  /** The files of a checkpoint could not be written. */
  CHECKPOINT_WRITE_FAILED
}
