/**
 * Cutting text into pre-tokens: scanners written by hand for the split patterns that models really
 * use, and the general regular expression for any other, with the same result.
 *
 * <p>Start with {@link org.instella.tokenize.bpe.split.PreTokenizer}, which chooses.
 */
package org.instella.tokenize.bpe.split;
