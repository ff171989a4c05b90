package org.instella.jobs.tokens;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.instella.conf.error.ConfigurationException;
import org.instella.jobs.JobError;
import org.instella.tokenize.document.DocumentSchema;

/**
 * Where the columns that matter stand in rows to be written; -1 where there is none. All others are
 * passed over, as metadata is.
 *
 * @param text the text to be encoded, a string
 * @param tokens the ids of a text that is encoded already, integers or longs
 * @param longTokens whether the ids are longs
 */
record RowColumns(int id, int text, int tokens, boolean longTokens, int file, int line)
    implements Serializable {

  /**
   * Finds the columns.
   *
   * @throws ConfigurationException if there is neither text nor tokens, or both, or another type
   */
  static RowColumns of(StructType schema, DocumentSchema names) {
    int text = find(schema, names.text(), DataTypes.StringType);
    int tokens =
        find(
            schema,
            TokenColumn.TOKENS.text(),
            DataTypes.createArrayType(DataTypes.IntegerType),
            DataTypes.createArrayType(DataTypes.LongType));
    if ((text < 0) == (tokens < 0)) {
      throw new ConfigurationException(
          JobError.BAD_SETTING,
          "Rows need either a column \"%s\" of strings (option columns.text names another) or a column \"tokens\" of integers, and have %s of them: %s"
              .formatted(names.text(), text < 0 ? "neither" : "both", schema.toDDL()));
    }
    return new RowColumns(
        find(schema, names.id(), DataTypes.StringType),
        text,
        tokens,
        tokens >= 0
            && ((ArrayType) schema.fields()[tokens].dataType())
                .elementType()
                .sameType(DataTypes.LongType),
        find(schema, TokenColumn.FILE.text(), DataTypes.StringType),
        find(schema, TokenColumn.LINE.text(), DataTypes.LongType));
  }

  private static int find(StructType schema, String name, DataType... allowed) {
    StructField[] fields = schema.fields();
    for (int i = 0; i < fields.length; i++) {
      DataType type = fields[i].dataType();
      if (fields[i].name().toLowerCase(Locale.ROOT).equals(name.toLowerCase(Locale.ROOT))) {
        if (Arrays.stream(allowed).noneMatch(one -> one.sameType(nullableElements(type)))) {
          throw new ConfigurationException(
              JobError.BAD_SETTING,
              "Column \"%s\" is %s; it must be %s: cast it"
                  .formatted(
                      fields[i].name(),
                      type.simpleString(),
                      Arrays.stream(allowed)
                          .map(DataType::simpleString)
                          .collect(Collectors.joining(" or "))));
        }
        return i;
      }
    }
    return -1;
  }

  private static DataType nullableElements(DataType type) {
    return type instanceof ArrayType array ? DataTypes.createArrayType(array.elementType()) : type;
  }

  /** The string at {@code column}, or {@code otherwise} where there is none. */
  String string(InternalRow row, int column, String otherwise) {
    return column < 0 || row.isNullAt(column) ? otherwise : row.getUTF8String(column).toString();
  }

  /** The ids of the row; null where it has none. */
  int[] ids(InternalRow row) {
    if (row.isNullAt(tokens)) {
      return null;
    }
    if (!longTokens) {
      return row.getArray(tokens).toIntArray();
    }
    long[] wide = row.getArray(tokens).toLongArray();
    int[] ids = new int[wide.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = Math.toIntExact(wide[i]);
    }
    return ids;
  }
}
