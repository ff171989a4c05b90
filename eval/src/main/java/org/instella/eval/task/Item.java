package org.instella.eval.task;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.instella.conf.error.DataException;

/**
 * One row of a benchmark.
 *
 * @param fields the row as it stands in the file
 * @param origin file and line (or row), for messages
 */
public record Item(ObjectNode fields, String origin) {

  /**
   * A field as text; {@code a.b} reaches into an object. Numbers and flags are written as JSON
   * does.
   *
   * @throws DataException if the row has no such field, or it is a list, an object or null
   */
  public String text(String path) {
    JsonNode node = node(path);
    if (!node.isValueNode() || node.isNull()) {
      throw bad("field \"%s\" is %s, not a text or a number".formatted(path, kind(node)));
    }
    return node.asText();
  }

  /** A field as text, empty where the row has none. */
  Optional<String> textIfPresent(String name) {
    JsonNode node = fields.path(name);
    return node.isValueNode() && !node.isNull() ? Optional.of(node.asText()) : Optional.empty();
  }

  /**
   * A list of texts.
   *
   * @throws DataException if the row has no such field or it is no list of texts
   */
  public List<String> texts(String path) {
    JsonNode node = node(path);
    if (!node.isArray()) {
      throw bad("field \"%s\" is %s, not a list".formatted(path, kind(node)));
    }
    List<String> texts = new ArrayList<>();
    for (JsonNode entry : node) {
      if (!entry.isValueNode() || entry.isNull()) {
        throw bad("field \"%s\" holds %s, not a text".formatted(path, kind(entry)));
      }
      texts.add(entry.asText());
    }
    return texts;
  }

  /** The same row with one more field; the original is left as it is. */
  Item with(String name, String value) {
    ObjectNode copy = fields.deepCopy();
    copy.put(name, value);
    return new Item(copy, origin);
  }

  DataException bad(String what) {
    return new DataException(TaskError.BAD_ITEM, origin + ": " + what);
  }

  private JsonNode node(String path) {
    for (String alternative : path.split("\\|")) {
      JsonNode node = fields;
      for (String part : alternative.split("\\.")) {
        node = node.path(part);
      }
      if (!node.isMissingNode()) {
        return node;
      }
    }
    TreeSet<String> present = new TreeSet<>();
    fields.fieldNames().forEachRemaining(present::add);
    throw bad("field \"%s\" is missing; the row has %s".formatted(path, present));
  }

  private static String kind(JsonNode node) {
    return node.isNull()
        ? "null"
        : node.isArray() ? "a list" : node.isObject() ? "an object" : "a value";
  }
}
