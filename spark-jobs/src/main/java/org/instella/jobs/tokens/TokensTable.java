package org.instella.jobs.tokens;

import java.util.Set;
import org.apache.spark.sql.connector.catalog.SupportsRead;
import org.apache.spark.sql.connector.catalog.SupportsWrite;
import org.apache.spark.sql.connector.catalog.TableCapability;
import org.apache.spark.sql.connector.read.ScanBuilder;
import org.apache.spark.sql.connector.write.LogicalWriteInfo;
import org.apache.spark.sql.connector.write.WriteBuilder;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.storage.Location;
import org.instella.jobs.JobError;

/** A token data set, there already or still to be written. */
final class TokensTable implements SupportsRead, SupportsWrite {
  private final StructType schema;
  private final Location folder;

  TokensTable(StructType schema, CaseInsensitiveStringMap options) {
    this.schema = schema;
    this.folder = folder(options);
  }

  private static Location folder(CaseInsensitiveStringMap options) {
    String path = options.get("path");
    if (path == null) {
      throw new ConfigurationException(
          JobError.BAD_SETTING,
          "%s needs exactly one path: load(FOLDER) or save(FOLDER)".formatted(TokensProvider.NAME));
    }
    return Location.of(path);
  }

  @Override
  public String name() {
    return TokensProvider.NAME + " " + folder;
  }

  @Override
  @Deprecated
  public StructType schema() {
    return schema;
  }

  /** Rows to be written may have any columns; {@link RowColumns} finds the ones that matter. */
  @Override
  public Set<TableCapability> capabilities() {
    return Set.of(
        TableCapability.BATCH_READ, TableCapability.BATCH_WRITE, TableCapability.ACCEPT_ANY_SCHEMA);
  }

  @Override
  public ScanBuilder newScanBuilder(CaseInsensitiveStringMap options) {
    return new TokensScan.Builder(folder, TokenColumn.of(schema), options);
  }

  @Override
  public WriteBuilder newWriteBuilder(LogicalWriteInfo info) {
    TokensWrite write = TokensWrite.of(folder, info);
    return new WriteBuilder() {
      @Override
      public TokensWrite build() {
        return write;
      }
    };
  }
}
