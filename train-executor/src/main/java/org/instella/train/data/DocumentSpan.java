package org.instella.train.data;

/**
 * A document, or the part of one, that a sample holds.
 *
 * @param source name of the source in the recipe
 * @param shard file name of the token shard
 * @param id the document's own id
 * @param file source file, relative to the folder of the source
 * @param line line or row in that file, from 1
 * @param tokenInDocument place of the first token of the span in the document
 * @param firstToken place of the first token of the span in the sample
 * @param tokens number of tokens of the span
 */
public record DocumentSpan(
    String source,
    String shard,
    String id,
    String file,
    long line,
    long tokenInDocument,
    int firstToken,
    int tokens) {

  @Override
  public String toString() {
    return "%s %s:%d (id %s, %d tokens, shard %s)".formatted(source, file, line, id, tokens, shard);
  }
}
