package org.instella.tokenize.bpe;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;
import org.instella.conf.error.DataException;

/**
 * The tokens of a {@code tokenizer.json} and their ids, whatever the family: {@code model.vocab} as
 * a map (BPE, WordPiece, WordLevel) or as a list of pairs (Unigram), and {@code added_tokens}.
 */
final class Vocabulary {
  private static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder().maxStringLength(Integer.MAX_VALUE).build())
          .build();

  private final Map<String, Integer> ids;
  private final int size;

  private Vocabulary(Map<String, Integer> ids) {
    this.ids = ids;
    this.size = 1 + ids.values().stream().mapToInt(Integer::intValue).max().orElse(-1);
  }

  /**
   * Reads the vocabulary.
   *
   * @throws DataException if the JSON is malformed or holds none
   */
  static Vocabulary read(byte[] json, String origin) {
    Map<String, Integer> ids = new HashMap<>();
    try (JsonParser parser = JSON.createParser(json)) {
      expect(parser.nextToken() == JsonToken.START_OBJECT, origin, "it is no JSON object");
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String key = parser.currentName();
        JsonToken value = parser.nextToken();
        if (key.equals("model") && value == JsonToken.START_OBJECT) {
          readModel(parser, ids, origin);
        } else if (key.equals("added_tokens") && value == JsonToken.START_ARRAY) {
          readAddedTokens(parser, ids, origin);
        } else {
          parser.skipChildren();
        }
      }
    } catch (IOException e) {
      throw malformed(origin, e.getMessage(), e);
    }
    expect(!ids.isEmpty(), origin, "it has no model.vocab");
    return new Vocabulary(ids);
  }

  OptionalInt idOf(String token) {
    Integer id = ids.get(token);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }

  /** One more than the highest id. */
  int size() {
    return size;
  }

  private static void readModel(JsonParser parser, Map<String, Integer> ids, String origin)
      throws IOException {
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      JsonToken value = parser.nextToken();
      if (!key.equals("vocab")) {
        parser.skipChildren();
      } else if (value == JsonToken.START_OBJECT) {
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
          String token = parser.currentName();
          parser.nextToken();
          put(ids, token, parser.getIntValue(), origin);
        }
      } else if (value == JsonToken.START_ARRAY) {
        for (int id = 0; parser.nextToken() == JsonToken.START_ARRAY; id++) {
          put(ids, parser.nextTextValue(), id, origin);
          while (parser.nextToken() != JsonToken.END_ARRAY) {
            parser.skipChildren();
          }
        }
      }
    }
  }

  private static void readAddedTokens(JsonParser parser, Map<String, Integer> ids, String origin)
      throws IOException {
    while (parser.nextToken() == JsonToken.START_OBJECT) {
      String content = null;
      int id = -1;
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String key = parser.currentName();
        parser.nextToken();
        switch (key) {
          case "content" -> content = parser.getText();
          case "id" -> id = parser.getIntValue();
          default -> parser.skipChildren();
        }
      }
      put(ids, content, id, origin);
    }
  }

  private static void put(Map<String, Integer> ids, String token, int id, String origin) {
    expect(token != null && id >= 0, origin, "token %s has id %d".formatted(token, id));
    ids.put(token, id);
  }

  private static void expect(boolean condition, String origin, String otherwise) {
    if (!condition) {
      throw malformed(origin, otherwise, null);
    }
  }

  private static DataException malformed(String origin, String why, Throwable cause) {
    return new DataException(
        TokenizerError.MALFORMED_TOKENIZER,
        "%s is not a tokenizer.json: %s".formatted(origin, why),
        cause);
  }
}
