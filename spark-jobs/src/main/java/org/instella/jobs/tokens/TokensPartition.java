package org.instella.jobs.tokens;

import org.apache.spark.sql.connector.read.InputPartition;
import org.instella.conf.storage.Location;

/**
 * Documents of one shard that one task reads.
 *
 * @param source name of the source
 * @param from first document
 * @param to document behind the last
 * @param documents documents of the whole shard, by the manifest
 * @param tokens tokens of the whole shard, by the manifest
 */
record TokensPartition(Location shard, String source, int from, int to, long documents, long tokens)
    implements InputPartition {}
