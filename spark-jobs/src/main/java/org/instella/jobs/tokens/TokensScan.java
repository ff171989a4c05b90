package org.instella.jobs.tokens;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.apache.spark.sql.connector.read.Batch;
import org.apache.spark.sql.connector.read.InputPartition;
import org.apache.spark.sql.connector.read.PartitionReaderFactory;
import org.apache.spark.sql.connector.read.Scan;
import org.apache.spark.sql.connector.read.Statistics;
import org.apache.spark.sql.connector.read.SupportsPushDownRequiredColumns;
import org.apache.spark.sql.connector.read.SupportsReportStatistics;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.jobs.JobError;
import org.instella.jobs.TokenizeJob;
import org.instella.tokenize.shard.TokenDataset;

/**
 * Reads the wanted columns of a data set, or of every data set below the output of {@code instella
 * tokenize}. Partitions are ranges of documents inside a shard, cut by the manifests alone: the
 * driver opens no shard.
 */
final class TokensScan implements Scan, Batch, SupportsReportStatistics {
  /** Option: tokens that one partition reads, about. */
  static final String SPLIT_TOKENS = "split-tokens";

  private static final long STANDARD_SPLIT = 64L << 20;

  private final List<TokenColumn> columns;
  private final List<TokenDataset> datasets;
  private final long splitTokens;

  private TokensScan(List<TokenColumn> columns, List<TokenDataset> datasets, long splitTokens) {
    this.columns = List.copyOf(columns);
    this.datasets = List.copyOf(datasets);
    this.splitTokens = splitTokens;
  }

  /** Is told which columns a query needs. */
  static final class Builder implements SupportsPushDownRequiredColumns {
    private final Location folder;
    private final CaseInsensitiveStringMap options;
    private List<TokenColumn> columns;

    Builder(Location folder, List<TokenColumn> columns, CaseInsensitiveStringMap options) {
      this.folder = folder;
      this.columns = columns;
      this.options = options;
    }

    @Override
    public void pruneColumns(StructType required) {
      columns = TokenColumn.of(required);
    }

    @Override
    public Scan build() {
      long split = options.getLong(SPLIT_TOKENS, STANDARD_SPLIT);
      if (split < 1) {
        throw new ConfigurationException(
            JobError.BAD_SETTING, "%s = %d: must be at least 1".formatted(SPLIT_TOKENS, split));
      }
      return new TokensScan(columns, datasets(Storage.standard(), folder), split);
    }
  }

  private static List<TokenDataset> datasets(Storage storage, Location folder) {
    Manifest manifest = Manifest.read(storage, folder);
    if (!manifest.kind().equals(TokenizeJob.KIND)) {
      return List.of(TokenDataset.open(storage, folder));
    }
    List<TokenDataset> datasets = new ArrayList<>();
    for (String source : manifest.inputs().keySet()) {
      datasets.add(TokenDataset.open(storage, folder.resolve(source)));
    }
    return datasets;
  }

  @Override
  public StructType readSchema() {
    StructType all = TokenColumn.schema();
    StructType schema = new StructType();
    for (TokenColumn column : columns) {
      schema = schema.add(all.apply(column.text()));
    }
    return schema;
  }

  @Override
  public String description() {
    return "%s %s".formatted(TokensProvider.NAME, columns);
  }

  @Override
  public Batch toBatch() {
    return this;
  }

  @Override
  public InputPartition[] planInputPartitions() {
    List<InputPartition> partitions = new ArrayList<>();
    for (TokenDataset dataset : datasets) {
      for (TokenDataset.ShardFact shard : dataset.shards()) {
        addPartitions(partitions, dataset, shard);
      }
    }
    return partitions.toArray(InputPartition[]::new);
  }

  private void addPartitions(
      List<InputPartition> partitions, TokenDataset dataset, TokenDataset.ShardFact shard) {
    long parts = Math.min(shard.documents(), shard.tokens() / splitTokens + 1);
    for (long part = 0; part < parts; part++) {
      partitions.add(
          new TokensPartition(
              dataset.folder().resolve(shard.name()),
              dataset.source(),
              (int) (shard.documents() * part / parts),
              (int) (shard.documents() * (part + 1) / parts),
              shard.documents(),
              shard.tokens()));
    }
  }

  @Override
  public PartitionReaderFactory createReaderFactory() {
    return new TokensReader.Factory(columns);
  }

  /** What the manifests say; ids count four bytes each, as rows hold them. */
  @Override
  public Statistics estimateStatistics() {
    long documents = datasets.stream().mapToLong(TokenDataset::documents).sum();
    long tokens = datasets.stream().mapToLong(TokenDataset::tokens).sum();
    long perRow = columns.stream().filter(column -> column != TokenColumn.TOKENS).count() * 24;
    long ids = columns.contains(TokenColumn.TOKENS) ? tokens * Integer.BYTES : 0;
    return new Statistics() {
      @Override
      public OptionalLong sizeInBytes() {
        return OptionalLong.of(ids + documents * perRow + 1);
      }

      @Override
      public OptionalLong numRows() {
        return OptionalLong.of(documents);
      }
    };
  }
}
