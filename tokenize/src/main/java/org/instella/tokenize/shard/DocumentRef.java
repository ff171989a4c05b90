package org.instella.tokenize.shard;

/**
 * Where a document came from and where its tokens are.
 *
 * @param document ordinal in the shard, from 0
 * @param id the document's own id
 * @param file source file, relative to the folder of the source; {@code name#start} for the piece
 *     of a split file that begins at byte {@code start}
 * @param line line (or row) in that file or piece, from 1
 * @param start position of its first token in the shard
 * @param end position behind its last token, the end-of-document id included
 */
public record DocumentRef(int document, String id, String file, long line, long start, long end) {

  /** The number of its tokens. */
  public long tokens() {
    return end - start;
  }
}
