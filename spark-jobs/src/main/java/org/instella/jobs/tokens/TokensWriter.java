package org.instella.jobs.tokens;

import java.nio.ByteBuffer;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.connector.write.DataWriter;
import org.apache.spark.sql.connector.write.DataWriterFactory;
import org.apache.spark.sql.connector.write.WriterCommitMessage;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.tokenize.bpe.Tokenizer;
import org.instella.tokenize.bpe.Tokenizers;
import org.instella.tokenize.document.RejectedLine;
import org.instella.tokenize.shard.ShardAttempt;
import org.instella.tokenize.shard.ShardHeader;
import org.instella.tokenize.shard.ShardInput;
import org.instella.tokenize.shard.ShardPlace;
import org.instella.tokenize.shard.TokenizeConfig;

/** One attempt at the shard of one partition: its rows in their order. */
final class TokensWriter implements DataWriter<InternalRow> {
  private final int partition;
  private final TokenizeConfig config;
  private final RowColumns columns;
  private final String place;
  private final Tokenizer tokenizer;
  private final ShardAttempt attempt;
  private long rows;

  private TokensWriter(Factory factory, int partition) {
    Storage storage = Storage.standard();
    ShardPlace shard = new ShardPlace(factory.staging(), "part-%05d".formatted(partition));
    this.partition = partition;
    this.config = factory.config();
    this.columns = factory.columns();
    this.place = shard.name();
    this.tokenizer = Tokenizers.open(storage, config.tokenizer());
    this.attempt = begin(storage, shard, factory.source());
  }

  private ShardAttempt begin(Storage storage, ShardPlace shard, String source) {
    try {
      return ShardAttempt.begin(storage, shard, ShardHeader.of(source, tokenizer, config));
    } catch (RuntimeException e) {
      tokenizer.close();
      throw e;
    }
  }

  /** What executors need. */
  record Factory(String source, TokenizeConfig config, RowColumns columns, Location staging)
      implements DataWriterFactory {
    @Override
    public DataWriter<InternalRow> createWriter(int partition, long task) {
      return new TokensWriter(this, partition);
    }
  }

  @Override
  public void write(InternalRow row) {
    rows++;
    String file = columns.string(row, columns.file(), place);
    long line =
        columns.line() < 0 || row.isNullAt(columns.line()) ? rows : row.getLong(columns.line());
    String id = columns.string(row, columns.id(), file + ":" + line);
    if (columns.tokens() >= 0) {
      int[] ids = columns.ids(row);
      if (ids == null) {
        reject(file, line, "tokens");
      } else {
        attempt.add(ids, id, file, line);
      }
    } else if (row.isNullAt(columns.text())) {
      reject(file, line, config.columns().text());
    } else {
      byte[] text = config.text().apply(row.getUTF8String(columns.text()).getBytes());
      attempt.encode(tokenizer, text, id, file, line);
    }
  }

  private void reject(String file, long line, String column) {
    attempt.reject(
        new RejectedLine(
            file,
            line,
            -1,
            0,
            RejectedLine.Reason.TEXT_MISSING,
            "\"%s\" is null".formatted(column),
            ByteBuffer.allocate(0)));
  }

  @Override
  public WriterCommitMessage commit() {
    return new TokensBatchWrite.Message(
        partition, rows == 0 ? List.of() : List.of(attempt.publish(ShardInput.UNKNOWN)));
  }

  @Override
  public void abort() {
    attempt.close();
  }

  @Override
  public void close() {
    try (tokenizer) {
      attempt.close();
    }
  }
}
