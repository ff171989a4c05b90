package org.instella.train;

import org.instella.conf.error.ErrorCode;

/** What can end a training run, beside what its parts report. */
public enum TrainError implements ErrorCode {
  /** The batch does not divide as the recipe wants it to. */
  BATCH_INDIVISIBLE,
  /** A rank was to compute on a card and has none of its own. */
  NO_CARD,
  /** The data does not fill one step. */
  NOT_ENOUGH_DATA,
  /** The recipe differs from that of the checkpoint in a key that changes the result. */
  RECIPE_CHANGED,
  /** The tokenizer of the data does not suit the model. */
  TOKENIZER_MISMATCH,
  /** The loss or the gradient is not finite. */
  LOSS_NOT_FINITE,
  /** The record of a roll-back cannot be read. */
  ROLL_BACK_BROKEN,
  /** The ranks used other samples than the order says. */
  SAMPLES_DIFFER,
  /** The ledger of a run lacks a step, holds one twice, or names other samples. */
  LEDGER_BROKEN,
  /** Somebody asked the run to stop; the checkpoint is written. */
  STOP_REQUESTED
}
