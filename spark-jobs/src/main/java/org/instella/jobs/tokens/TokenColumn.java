package org.instella.jobs.tokens;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.types.UTF8String;
import org.instella.conf.error.ConfigurationException;
import org.instella.jobs.JobError;
import org.instella.tokenize.shard.DocumentRef;
import org.instella.tokenize.shard.TokenShard;

/** The columns of a token data set, one row per document. */
enum TokenColumn {
  /** The document's own id, or {@code file:line}. */
  ID(DataTypes.StringType),
  /** Name of the source, the data set's. */
  SOURCE(DataTypes.StringType),
  /** The ids, with the end-of-document id where the data set's rule appended it. */
  TOKENS(DataTypes.createArrayType(DataTypes.IntegerType, false)),
  /** The file it was read from, relative to the folder of the source. */
  FILE(DataTypes.StringType),
  /** Its line or row there, from 1. */
  LINE(DataTypes.LongType),
  /** Name of the shard that holds it. */
  SHARD(DataTypes.StringType),
  /** Position of its first token in the shard, from 0. */
  POSITION(DataTypes.LongType);

  private final DataType type;

  TokenColumn(DataType type) {
    this.type = type;
  }

  String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** All columns. */
  static StructType schema() {
    return new StructType(
        Arrays.stream(values())
            .map(column -> DataTypes.createStructField(column.text(), column.type, false))
            .toArray(StructField[]::new));
  }

  /**
   * The columns that {@code schema} names, in its order.
   *
   * @throws ConfigurationException if it names another, or one with another type
   */
  static List<TokenColumn> of(StructType schema) {
    return Arrays.stream(schema.fields()).map(TokenColumn::of).toList();
  }

  private static TokenColumn of(StructField field) {
    for (TokenColumn column : values()) {
      if (column.text().equalsIgnoreCase(field.name()) && column.type.sameType(field.dataType())) {
        return column;
      }
    }
    throw new ConfigurationException(
        JobError.BAD_SETTING,
        "A token data set has no column \"%s\" of type %s; it has %s"
            .formatted(field.name(), field.dataType().simpleString(), schema().toDDL()));
  }

  /** The value as Spark keeps it inside rows. */
  Object value(TokensPartition partition, TokenShard shard, DocumentRef document) {
    return switch (this) {
      case ID -> UTF8String.fromString(document.id());
      case SOURCE -> UTF8String.fromString(partition.source());
      case TOKENS -> tokens(shard, document);
      case FILE -> UTF8String.fromString(document.file());
      case LINE -> document.line();
      case SHARD -> UTF8String.fromString(partition.shard().name());
      case POSITION -> document.start();
    };
  }

  private static UnsafeArrayData tokens(TokenShard shard, DocumentRef document) {
    int[] ids = new int[Math.toIntExact(document.tokens())];
    shard.copy(document.start(), ids, 0, ids.length);
    return UnsafeArrayData.fromPrimitiveArray(ids);
  }
}
