/**
 * Token shards: Arrow IPC files whose values buffer is the token stream and whose offsets buffer is
 * the document index, and the data sets (folders with a manifest) made of them.
 *
 * <p>Start with {@link org.instella.tokenize.shard.ShardTask}, which turns documents into one
 * shard, {@link org.instella.tokenize.shard.TokenShard}, which reads one through a memory map, and
 * {@link org.instella.tokenize.shard.TokenDataset}, the folder. The format is described byte by
 * byte in {@code docs/formats.md}. Nothing here knows Spark: a task of any engine calls {@code
 * ShardTask}, its driver calls {@link org.instella.tokenize.shard.DatasetCommit}.
 */
package org.instella.tokenize.shard;
