package org.instella.tokenize.bpe.split;

/**
 * A split pattern as a scanner over well-formed UTF-8: no state, no garbage, no text left out
 * between two pre-tokens.
 */
public interface Splitter {

  /**
   * The end of the pre-token that begins at {@code from}; above {@code from}, at most {@code to}.
   *
   * @param from inclusive, below {@code to}
   * @param to the end of the piece: what stands behind it is not looked at
   */
  int next(byte[] text, int from, int to);
}
