package org.instella.jobs.tokens;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.spark.sql.connector.write.BatchWrite;
import org.apache.spark.sql.connector.write.DataWriterFactory;
import org.apache.spark.sql.connector.write.PhysicalWriteInfo;
import org.apache.spark.sql.connector.write.WriterCommitMessage;
import org.instella.conf.error.DataException;
import org.instella.conf.manifest.Digests;
import org.instella.conf.manifest.FileDigest;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.storage.Storage;
import org.instella.jobs.JobError;
import org.instella.tokenize.bpe.Tokenizer;
import org.instella.tokenize.bpe.Tokenizers;
import org.instella.tokenize.shard.DatasetCommit;
import org.instella.tokenize.shard.ShardHeader;
import org.instella.tokenize.shard.ShardResult;
import org.instella.tokenize.shard.TokenDataset;

/**
 * The commit of one write. Twice nobody comes through: Spark's coordinator lets one attempt of a
 * partition commit, and the rename of {@link org.instella.tokenize.shard.ShardAttempt} refuses a
 * second one even if the coordinator was asked by an attempt that then died. The folder appears by
 * one rename when all are there.
 */
final class TokensBatchWrite implements BatchWrite {
  private final Storage storage = Storage.standard();
  private final TokensWrite write;

  TokensBatchWrite(TokensWrite write) {
    this.write = write;
  }

  /**
   * A partition is written.
   *
   * @param results its shard; none where the partition had no rows
   */
  record Message(int partition, List<ShardResult> results) implements WriterCommitMessage {}

  @Override
  public DataWriterFactory createBatchWriterFactory(PhysicalWriteInfo info) {
    if (storage.isPublished(write.folder())) {
      throw new DataException(
          JobError.BAD_INPUT,
          "%s exists; a data set is written once: remove it or save to another folder"
              .formatted(write.folder()));
    }
    try (Tokenizer tokenizer = Tokenizers.open(storage, write.config().tokenizer())) {
      header(tokenizer); // fails before the work, not in every task
    }
    return new TokensWriter.Factory(
        write.source(), write.config(), write.columns(), write.staging());
  }

  @Override
  public void commit(WriterCommitMessage[] messages) {
    List<Message> ordered = new ArrayList<>();
    for (WriterCommitMessage message : messages) {
      ordered.add((Message) message);
    }
    ordered.sort(Comparator.comparingInt(Message::partition));
    List<ShardResult> results =
        ordered.stream().flatMap(message -> message.results().stream()).toList();
    try (Tokenizer tokenizer = Tokenizers.open(storage, write.config().tokenizer())) {
      new DatasetCommit(
              write.staging(), write.folder(), header(tokenizer), write.config().maxRejectedShare())
          .publish(storage, results, manifest(results, tokenizer));
    }
  }

  @Override
  public void abort(WriterCommitMessage[] messages) {
    storage.delete(write.staging());
  }

  private ShardHeader header(Tokenizer tokenizer) {
    return ShardHeader.of(write.source(), tokenizer, write.config());
  }

  /** Nobody knows what rows are made of; the digest of what came of them stands for it. */
  private Manifest.Builder manifest(List<ShardResult> results, Tokenizer tokenizer) {
    StringBuilder listing = new StringBuilder();
    for (ShardResult result : results) {
      for (FileDigest file : result.files()) {
        listing.append(file.sha256()).append(' ').append(file.name()).append('\n');
      }
    }
    return Manifest.builder(TokenDataset.KIND, TokenDataset.FORMAT_VERSION)
        .input("rows", Digests.sha256(listing.toString()))
        .input("tokenizer", tokenizer.digest())
        .configuration(write.config().flattened())
        .configuration("source", write.source());
  }
}
