package org.instella.tokenize.shard;

/**
 * Says why bytes are no shard; whoever knows the file's name turns it into a {@code DataException}.
 */
final class ShardFormatException extends RuntimeException {
  private static final long serialVersionUID = 1;

  ShardFormatException(String message) {
    super(message);
  }
}
