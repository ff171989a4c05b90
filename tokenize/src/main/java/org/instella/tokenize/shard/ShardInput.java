package org.instella.tokenize.shard;

/**
 * What was read for a shard.
 *
 * @param storedBytes bytes read from storage
 * @param notDrawn documents that the fraction of the source left out
 * @param crc32c CRC-32C (Castagnoli) of the stored bytes of its slices one after the other, eight
 *     hexadecimal digits; the empty text where the input is not read front to back (tables, data
 *     frames)
 * @param times what reading cost
 */
public record ShardInput(long storedBytes, long notDrawn, String crc32c, ShardTimes times) {
  /** Nothing is known of the input, as for rows of a data frame. */
  public static final ShardInput UNKNOWN = new ShardInput(0, 0, "", ShardTimes.NONE);
}
