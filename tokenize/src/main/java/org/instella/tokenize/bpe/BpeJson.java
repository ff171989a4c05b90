package org.instella.tokenize.bpe;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.instella.conf.error.DataException;

/**
 * A {@code tokenizer.json} as it stands: vocabulary and merges, which may have hundreds of
 * thousands of entries, as rows; all else as trees.
 */
final class BpeJson {
  private static final ObjectMapper TREES =
      new JsonMapper(
          JsonFactory.builder()
              // Half a file is field names, each of them once.
              .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
              .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
              .streamReadConstraints(
                  StreamReadConstraints.builder().maxStringLength(Integer.MAX_VALUE).build())
              .build());

  private final String origin;
  private final ObjectNode root = TREES.createObjectNode();
  private final ObjectNode model = TREES.createObjectNode();
  private final Map<String, Integer> vocabulary = new HashMap<>(1 << 17);
  private final List<String> merges = new ArrayList<>(1 << 17);
  private boolean rows;

  private BpeJson(String origin) {
    this.origin = origin;
  }

  /**
   * Reads a file.
   *
   * @throws DataException if it is no JSON object, or an id or a merge is malformed
   */
  static BpeJson read(byte[] json, String origin) {
    BpeJson read = new BpeJson(origin);
    try (JsonParser parser = TREES.createParser(json)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw read.malformed("it is no JSON object", null);
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String key = parser.currentName();
        if (parser.nextToken() == JsonToken.START_OBJECT && key.equals("model")) {
          read.readModel(parser);
        } else {
          read.root.set(key, parser.<JsonNode>readValueAsTree());
        }
      }
    } catch (IOException e) {
      throw read.malformed(e.getMessage(), e);
    }
    return read;
  }

  private void readModel(JsonParser parser) throws IOException {
    boolean hasVocabulary = false;
    boolean hasMerges = false;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      JsonToken value = parser.nextToken();
      if (key.equals("vocab") && value == JsonToken.START_OBJECT) {
        readVocabulary(parser);
        hasVocabulary = true;
      } else if (key.equals("merges") && value == JsonToken.START_ARRAY) {
        readMerges(parser);
        hasMerges = true;
      } else if (key.equals("vocab")) {
        parser.skipChildren();
      } else {
        model.set(key, parser.<JsonNode>readValueAsTree());
      }
    }
    rows = hasVocabulary && hasMerges;
  }

  private void readVocabulary(JsonParser parser) throws IOException {
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String token = parser.currentName();
      if (parser.nextToken() != JsonToken.VALUE_NUMBER_INT || parser.getIntValue() < 0) {
        throw malformed("token %s has id %s".formatted(token, parser.getText()), null);
      }
      vocabulary.put(token, parser.getIntValue());
    }
  }

  private void readMerges(JsonParser parser) throws IOException {
    for (JsonToken next = parser.nextToken();
        next != JsonToken.END_ARRAY;
        next = parser.nextToken()) {
      if (next == JsonToken.START_ARRAY) {
        merges.add(parser.nextTextValue());
        merges.add(parser.nextTextValue());
        if (parser.nextToken() != JsonToken.END_ARRAY) {
          throw malformed("merge %d is not two tokens".formatted(merges.size() / 2 - 1), null);
        }
        continue;
      }
      String line = parser.getText();
      if (line.startsWith("#version")) {
        continue; // the head line of merges.txt, which old files kept
      }
      int space = line.indexOf(' ');
      if (space < 0 || line.indexOf(' ', space + 1) >= 0) {
        throw malformed(
            "merge %d, \"%s\", is not two tokens".formatted(merges.size() / 2, line), null);
      }
      merges.add(line.substring(0, space));
      merges.add(line.substring(space + 1));
    }
  }

  /** Whether the model has a vocabulary by token and a row of merges, as BPE has. */
  boolean hasRows() {
    return rows;
  }

  /** The ids of the model's tokens. */
  Map<String, Integer> vocabulary() {
    return vocabulary;
  }

  /** Left and right part of each merge, in turn, by rank. */
  List<String> merges() {
    return merges;
  }

  /** A value of the file; missing nodes for absent keys. */
  JsonNode at(String key) {
    return root.path(key);
  }

  /** A value of the model, other than its rows. */
  JsonNode model(String key) {
    return model.path(key);
  }

  /** The error that says what is wrong with the file. */
  DataException malformed(String why, Throwable cause) {
    return new DataException(
        TokenizerError.MALFORMED_TOKENIZER,
        "%s is not a tokenizer.json: %s".formatted(origin, why),
        cause);
  }
}
