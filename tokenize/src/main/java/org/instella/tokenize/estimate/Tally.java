package org.instella.tokenize.estimate;

/**
 * What was found at one place.
 *
 * @param weight how often the place was drawn
 * @param storedBytes stored bytes that its documents take
 * @param shardBytes bytes of shard and id index that they become
 * @param cpuNanos processor time from stored bytes to shard bytes
 */
record Tally(
    int weight,
    long storedBytes,
    long documents,
    long tokens,
    long textBytes,
    long rejected,
    long shardBytes,
    long cpuNanos) {

  Tally plus(Tally other) {
    return new Tally(
        weight + other.weight,
        storedBytes + other.storedBytes,
        documents + other.documents,
        tokens + other.tokens,
        textBytes + other.textBytes,
        rejected + other.rejected,
        shardBytes + other.shardBytes,
        cpuNanos + other.cpuNanos);
  }
}
