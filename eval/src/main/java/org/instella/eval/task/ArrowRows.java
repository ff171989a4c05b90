package org.instella.eval.task;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowStreamReader;
import org.instella.conf.error.DataException;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;

/** Rows of an Arrow IPC stream (what Python's {@code datasets} writes) or of an IPC file. */
final class ArrowRows {
  private static final byte[] FILE_MAGIC = {'A', 'R', 'R', 'O', 'W', '1', 0, 0};

  private ArrowRows() {}

  static void read(Storage storage, Location file, List<Item> items) {
    try (BufferAllocator allocator = new RootAllocator();
        InputStream in = storage.open(file, isFileFormat(storage, file) ? FILE_MAGIC.length : 0);
        ArrowStreamReader reader = new ArrowStreamReader(Channels.newChannel(in), allocator)) {
      VectorSchemaRoot batch = reader.getVectorSchemaRoot();
      int first = items.size();
      while (reader.loadNextBatch()) {
        for (int row = 0; row < batch.getRowCount(); row++) {
          String origin = "%s row %d".formatted(file, items.size() - first + 1);
          items.add(new Item(row(batch, row), origin));
        }
      }
    } catch (IOException | RuntimeException e) {
      if (e instanceof DataException data) {
        throw data;
      }
      throw new DataException(
          TaskError.BAD_ITEM, "%s is no Arrow stream: %s".formatted(file, e.getMessage()), e);
    }
  }

  /** The file format is a stream after eight bytes of magic, and its footer is never reached. */
  private static boolean isFileFormat(Storage storage, Location file) throws IOException {
    try (InputStream in = storage.open(file)) {
      return Arrays.equals(in.readNBytes(FILE_MAGIC.length), FILE_MAGIC);
    }
  }

  private static ObjectNode row(VectorSchemaRoot batch, int row) {
    ObjectNode fields = JsonNodeFactory.instance.objectNode();
    for (FieldVector column : batch.getFieldVectors()) {
      fields.set(column.getName(), json(column.getObject(row)));
    }
    return fields;
  }

  private static JsonNode json(Object value) {
    JsonNodeFactory factory = JsonNodeFactory.instance;
    if (value == null) {
      return factory.nullNode();
    }
    if (value instanceof Boolean flag) {
      return factory.booleanNode(flag);
    }
    if (value instanceof Number number) {
      return number instanceof Double || number instanceof Float
          ? factory.numberNode(number.doubleValue())
          : factory.numberNode(number.longValue());
    }
    if (value instanceof List<?> list) {
      ArrayNode array = factory.arrayNode();
      list.forEach(entry -> array.add(json(entry)));
      return array;
    }
    if (value instanceof Map<?, ?> map) {
      ObjectNode object = factory.objectNode();
      map.forEach((key, entry) -> object.set(key.toString(), json(entry)));
      return object;
    }
    return factory.textNode(value.toString());
  }
}
