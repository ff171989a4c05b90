package org.instella.eval.request;

/**
 * A tokenised (context, continuation) pair, already cut to the model's length.
 *
 * @param ids context and continuation, at most the model's length + 1; owned by this record
 * @param continuation how many ids at the end are the continuation; at least one id stands before
 */
@SuppressWarnings("ArrayRecordComponent") // internal to scoring, never compared
public record TokenPair(int[] ids, int continuation) {

  /** What the network reads: all but the last id. */
  public int inputLength() {
    return ids.length - 1;
  }

  /** Index in the input whose output predicts the continuation's first token. */
  public int firstScored() {
    return ids.length - 1 - continuation;
  }
}
