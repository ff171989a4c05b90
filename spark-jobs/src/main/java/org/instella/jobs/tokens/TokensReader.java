package org.instella.jobs.tokens;

import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.connector.read.InputPartition;
import org.apache.spark.sql.connector.read.PartitionReader;
import org.apache.spark.sql.connector.read.PartitionReaderFactory;
import org.instella.conf.error.DataException;
import org.instella.conf.storage.Storage;
import org.instella.jobs.JobError;
import org.instella.tokenize.shard.DocumentRef;
import org.instella.tokenize.shard.TokenShard;

/** Rows of a range of documents, out of the memory map of their shard. */
final class TokensReader implements PartitionReader<InternalRow> {
  private final TokensPartition partition;
  private final TokenColumn[] columns;
  private final TokenShard shard;
  private int document;

  private TokensReader(TokensPartition partition, List<TokenColumn> columns) {
    this.partition = partition;
    this.columns = columns.toArray(TokenColumn[]::new);
    this.shard = TokenShard.open(Storage.standard(), partition.shard());
    this.document = partition.from() - 1;
    if (shard.documents() != partition.documents() || shard.tokens() != partition.tokens()) {
      throw new DataException(
          JobError.BAD_INPUT,
          "Token shard %s has %d documents and %d tokens but its manifest says %d and %d; write the data set again"
              .formatted(
                  partition.shard(),
                  shard.documents(),
                  shard.tokens(),
                  partition.documents(),
                  partition.tokens()));
    }
  }

  /** Ships to executors which columns are wanted. */
  record Factory(List<TokenColumn> columns) implements PartitionReaderFactory {
    @Override
    public PartitionReader<InternalRow> createReader(InputPartition input) {
      return new TokensReader((TokensPartition) input, columns);
    }
  }

  @Override
  public boolean next() {
    return ++document < partition.to();
  }

  @Override
  public InternalRow get() {
    Object[] values = new Object[columns.length];
    if (columns.length > 0) { // count() needs none
      DocumentRef ref = shard.ref(document);
      for (int i = 0; i < columns.length; i++) {
        values[i] = columns[i].value(partition, shard, ref);
      }
    }
    return new GenericInternalRow(values);
  }

  /** The map goes with the object. */
  @Override
  public void close() {}
}
