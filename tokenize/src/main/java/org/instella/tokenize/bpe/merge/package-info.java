/**
 * Byte pair encoding of one pre-token: merges by rank, leftmost first among equal ranks, and the
 * memory of words already merged.
 *
 * <p>Start with {@link org.instella.tokenize.bpe.merge.WordMerger}.
 */
package org.instella.tokenize.bpe.merge;
