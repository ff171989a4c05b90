package org.instella.jobs.tokens;

import java.util.Map;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.catalog.TableProvider;
import org.apache.spark.sql.connector.expressions.Transform;
import org.apache.spark.sql.sources.DataSourceRegister;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/**
 * The data source {@code instella-tokens}, found by Spark through {@code META-INF/services}.
 *
 * <pre>{@code
 * spark.read().format("instella-tokens").load("/data/tokens/web");
 * texts.write().format("instella-tokens").mode("append")
 *     .option("tokenizer", "tokenizer.json").save("/data/tokens/filtered");
 * }</pre>
 */
public final class TokensProvider implements TableProvider, DataSourceRegister {
  static final String NAME = "instella-tokens";

  @Override
  public String shortName() {
    return NAME;
  }

  @Override
  public StructType inferSchema(CaseInsensitiveStringMap options) {
    return TokenColumn.schema();
  }

  /** True: a write brings the schema of its rows. */
  @Override
  public boolean supportsExternalMetadata() {
    return true;
  }

  @Override
  public Table getTable(
      StructType schema, Transform[] partitioning, Map<String, String> properties) {
    return new TokensTable(schema, new CaseInsensitiveStringMap(properties));
  }
}
