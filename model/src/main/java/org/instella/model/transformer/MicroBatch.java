package org.instella.model.transformer;

import java.util.Optional;

/**
 * Tokens that run through the model together, row by row.
 *
 * @param tokens [batch * sequence] ids
 * @param targets [batch * sequence] the id that should follow each token, negative for none
 * @param documents [batch * sequence] a number per token; attention stays among equal numbers of a
 *     row. Empty: a row is one document
 */
@SuppressWarnings("ArrayRecordComponent") // tokens flow as primitives; nobody compares batches
public record MicroBatch(
    int[] tokens, int[] targets, int batch, int sequence, Optional<int[]> documents) {

  public MicroBatch {
    int length = Math.multiplyExact(batch, sequence);
    if (batch < 1
        || sequence < 1
        || tokens.length != length
        || targets.length != length
        || documents.map(numbers -> numbers.length != length).orElse(false)) {
      throw new IllegalArgumentException(
          "batch %d and sequence %d do not fit %d tokens, %d targets and %s document numbers"
              .formatted(
                  batch,
                  sequence,
                  tokens.length,
                  targets.length,
                  documents.map(numbers -> "" + numbers.length).orElse("no")));
    }
  }

  public MicroBatch(int[] tokens, int[] targets, int batch, int sequence) {
    this(tokens, targets, batch, sequence, Optional.empty());
  }
}
