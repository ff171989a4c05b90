package org.instella.eval.task;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.List;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.api.ReadSupport;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.LocalInputFile;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.Type;
import org.instella.conf.error.DataException;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;

/** Rows of a Parquet file, with the three-level lists that pyarrow and Spark write. */
final class ParquetRows {
  private ParquetRows() {}

  static void read(Storage storage, Location file, List<Item> items) {
    int first = items.size();
    try (ParquetReader<Group> reader =
        new Groups(new LocalInputFile(storage.localCopy(file))).build()) {
      for (Group row = reader.read(); row != null; row = reader.read()) {
        String origin = "%s row %d".formatted(file, items.size() - first + 1);
        items.add(new Item(object(row), origin));
      }
    } catch (IOException | RuntimeException e) {
      throw new DataException(
          TaskError.BAD_ITEM, "%s is no Parquet file: %s".formatted(file, e.getMessage()), e);
    }
  }

  private static final class Groups extends ParquetReader.Builder<Group> {
    Groups(InputFile file) {
      super(file, new PlainParquetConfiguration());
    }

    @Override
    protected ReadSupport<Group> getReadSupport() {
      return new GroupReadSupport();
    }
  }

  private static ObjectNode object(Group group) {
    ObjectNode object = JsonNodeFactory.instance.objectNode();
    GroupType type = group.getType();
    for (int field = 0; field < type.getFieldCount(); field++) {
      object.set(type.getFieldName(field), field(group, field));
    }
    return object;
  }

  private static JsonNode field(Group group, int field) {
    Type type = group.getType().getType(field);
    int count = group.getFieldRepetitionCount(field);
    if (type.isRepetition(Type.Repetition.REPEATED)) {
      ArrayNode array = JsonNodeFactory.instance.arrayNode();
      for (int i = 0; i < count; i++) {
        array.add(value(group, type, field, i));
      }
      return array;
    }
    return count == 0 ? JsonNodeFactory.instance.nullNode() : value(group, type, field, 0);
  }

  private static JsonNode value(Group group, Type type, int field, int index) {
    if (!type.isPrimitive()) {
      Group inner = group.getGroup(field, index);
      return type.getLogicalTypeAnnotation()
              instanceof LogicalTypeAnnotation.ListLogicalTypeAnnotation
          ? list(inner)
          : object(inner);
    }
    JsonNodeFactory factory = JsonNodeFactory.instance;
    return switch (type.asPrimitiveType().getPrimitiveTypeName()) {
      case BOOLEAN -> factory.booleanNode(group.getBoolean(field, index));
      case INT32 -> factory.numberNode(group.getInteger(field, index));
      case INT64 -> factory.numberNode(group.getLong(field, index));
      case FLOAT -> factory.numberNode(group.getFloat(field, index));
      case DOUBLE -> factory.numberNode(group.getDouble(field, index));
      case BINARY, FIXED_LEN_BYTE_ARRAY, INT96 ->
          factory.textNode(group.getBinary(field, index).toStringUsingUTF8());
    };
  }

  /** {@code list} (repeated group) → {@code element}: one level that JSON does not show. */
  private static ArrayNode list(Group outer) {
    ArrayNode array = JsonNodeFactory.instance.arrayNode();
    for (int i = 0; i < outer.getFieldRepetitionCount(0); i++) {
      array.add(field(outer.getGroup(0, i), 0));
    }
    return array;
  }
}
