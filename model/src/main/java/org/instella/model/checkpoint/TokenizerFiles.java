package org.instella.model.checkpoint;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.instella.conf.error.DataException;
import org.instella.conf.error.EnvironmentException;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.model.transformer.TransformerConfig;

/**
 * The tokenizer of a model folder, as files: they are copied and measured here, never run.
 *
 * @param highestId highest id of a piece or added token; -1 where there is none
 * @param addedTokens texts of the added tokens by id, among them the special ones
 */
public record TokenizerFiles(int highestId, SortedMap<Integer, String> addedTokens) {
  public static final String TOKENIZER = "tokenizer.json";
  public static final String TOKENIZER_CONFIG = "tokenizer_config.json";
  public static final String CHAT_TEMPLATE = "chat_template.jinja";

  /** Every file that belongs to a tokenizer in a model folder. */
  public static final List<String> NAMES =
      List.of(
          TOKENIZER,
          TOKENIZER_CONFIG,
          CHAT_TEMPLATE,
          "special_tokens_map.json",
          "added_tokens.json",
          "vocab.json",
          "merges.txt",
          "tokenizer.model");

  /**
   * Instella's chat format: each turn under a marker line; the assistant's turns end with the end
   * token, and with a newline where another turn follows.
   */
  private static final String INSTELLA_TEMPLATE =
      """
      {{ bos_token }}\
      {% for turn in messages if turn['role'] in ['system', 'user', 'assistant'] %}\
      {{ '<|' + turn['role'] + '|>\\n' + turn['content'] }}\
      {% if turn['role'] == 'assistant' %}{{ eos_token }}{% endif %}\
      {% if turn['role'] != 'assistant' or not loop.last %}{{ '\\n' }}{% endif %}\
      {% endfor %}\
      {% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}\
      """;

  private static final JsonFactory JSON = new JsonFactory();

  public TokenizerFiles {
    addedTokens = Collections.unmodifiableSortedMap(new TreeMap<>(addedTokens));
  }

  /**
   * Reads ids from a {@code tokenizer.json} as a stream.
   *
   * @throws DataException if it is no such file
   */
  public static TokenizerFiles read(Storage storage, Location tokenizerJson) {
    try (InputStream in = new BufferedInputStream(storage.open(tokenizerJson), 1 << 16);
        JsonParser parser = JSON.createParser(in)) {
      int highest = -1;
      SortedMap<Integer, String> added = new TreeMap<>();
      require(parser.nextToken() == JsonToken.START_OBJECT, tokenizerJson, "no JSON object");
      boolean model = false;
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String field = parser.currentName();
        parser.nextToken();
        if (field.equals("model") && parser.currentToken() == JsonToken.START_OBJECT) {
          highest = Math.max(highest, readModel(parser));
          model = true;
        } else if (field.equals("added_tokens") && parser.currentToken() == JsonToken.START_ARRAY) {
          readAdded(parser, added);
        } else {
          parser.skipChildren();
        }
      }
      require(model, tokenizerJson, "it has no model");
      return new TokenizerFiles(
          added.isEmpty() ? highest : Math.max(highest, added.lastKey()), added);
    } catch (JsonProcessingException e) {
      throw new DataException(
          ModelFileError.TOKENIZER_MALFORMED,
          "%s is not a tokenizer file: %s"
              .formatted(tokenizerJson, e.getOriginalMessage().lines().findFirst().orElse("")),
          e);
    } catch (IOException e) {
      throw new EnvironmentException(
          ModelFileError.READ_FAILED,
          "Cannot read %s: %s".formatted(tokenizerJson, e.getMessage()),
          e);
    }
  }

  /**
   * Checks that every id has a row in the embedding.
   *
   * @throws DataException if the tokenizer has more ids than {@code vocabularySize}
   */
  public void requireFits(int vocabularySize, Location tokenizerJson) {
    if (highestId >= vocabularySize) {
      throw new DataException(
          ModelFileError.VOCABULARY_TOO_LARGE,
          ("Tokenizer %s has ids up to %d but the model's vocabulary has %d rows (ids up to %d);"
                  + " use the model's own tokenizer or make the vocabulary at least %d")
              .formatted(
                  tokenizerJson, highestId, vocabularySize, vocabularySize - 1, highestId + 1));
    }
  }

  /** A {@code tokenizer_config.json} for Instella's class of tokenizer, with its chat format. */
  public String tokenizerConfig(TransformerConfig config) {
    SortedMap<String, Object> json = new TreeMap<>();
    String end = addedTokens.get(config.eosId());
    if (end != null) {
      json.put("bos_token", addedTokens.getOrDefault(config.bosId(), end));
      json.put("eos_token", end);
      json.put("unk_token", end);
    }
    if (addedTokens.containsKey(config.padId())) {
      json.put("pad_token", addedTokens.get(config.padId()));
    }
    json.put("add_prefix_space", false);
    json.put("chat_template", INSTELLA_TEMPLATE);
    json.put("clean_up_tokenization_spaces", false);
    json.put("model_max_length", config.maxPositions());
    json.put("tokenizer_class", "GPTNeoXTokenizerFast");
    return JsonText.render(json);
  }

  /** Highest id in {@code model.vocab}: a map of pieces, or a list of pieces with scores. */
  private static int readModel(JsonParser parser) throws IOException {
    int highest = -1;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      boolean vocabulary = parser.currentName().equals("vocab");
      JsonToken value = parser.nextToken();
      if (vocabulary && value == JsonToken.START_OBJECT) {
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
          parser.nextToken();
          highest = Math.max(highest, parser.getIntValue());
        }
      } else if (vocabulary && value == JsonToken.START_ARRAY) {
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          parser.skipChildren();
          highest++;
        }
      } else {
        parser.skipChildren();
      }
    }
    return highest;
  }

  private static void readAdded(JsonParser parser, SortedMap<Integer, String> added)
      throws IOException {
    while (parser.nextToken() == JsonToken.START_OBJECT) {
      int id = -1;
      String content = "";
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String field = parser.currentName();
        parser.nextToken();
        if (field.equals("id")) {
          id = parser.getIntValue();
        } else if (field.equals("content")) {
          content = parser.getText();
        }
        parser.skipChildren();
      }
      added.put(id, content);
    }
  }

  private static void require(boolean holds, Location file, String reason) {
    if (!holds) {
      throw new DataException(
          ModelFileError.TOKENIZER_MALFORMED,
          "%s is not a tokenizer file: %s".formatted(file, reason));
    }
  }
}
