package org.instella.ensemble;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.instella.conf.error.DataException;
import org.instella.conf.manifest.Digests;
import org.instella.model.checkpoint.Dtype;
import org.instella.model.checkpoint.ModelFileError;
import org.instella.model.checkpoint.ModelFolder;
import org.instella.model.checkpoint.TokenizerFiles;

/** Small JSON files of a model folder as texts that can be compared and passed on. */
final class ConfigText {
  private static final JsonMapper JSON = new JsonMapper();
  private static final String ABSENT = "none";

  private ConfigText() {}

  /** Keys and values of {@code config.json}; null counts as absent. */
  static SortedMap<String, String> flat(String configJson) {
    SortedMap<String, String> flat = new TreeMap<>();
    parse(configJson)
        .properties()
        .forEach(
            entry -> {
              if (!entry.getValue().isNull()) {
                flat.put(entry.getKey(), entry.getValue().toString());
              }
            });
    return flat;
  }

  /** The text with another type of weights; unchanged where it names that type already. */
  static String withType(String configJson, Dtype dtype) {
    if (!(parse(configJson) instanceof ObjectNode root)) {
      return configJson;
    }
    boolean changed = false;
    for (String key : new String[] {"dtype", "torch_dtype"}) {
      if (root.has(key) && !root.get(key).asText().equals(dtype.torchName())) {
        root.put(key, dtype.torchName());
        changed = true;
      }
    }
    return changed ? root.toPrettyString() + "\n" : configJson;
  }

  /** Start of the digest of {@code tokenizer.json}. */
  static String tokenizerDigest(ModelFolder folder) {
    return folder.text(TokenizerFiles.TOKENIZER).map(ConfigText::shortDigest).orElse(ABSENT);
  }

  /** Start of the digest of the chat template, wherever it stands. */
  static String templateDigest(ModelFolder folder) {
    Optional<String> file = folder.text(TokenizerFiles.CHAT_TEMPLATE);
    if (file.isPresent()) {
      return shortDigest(file.get());
    }
    return folder
        .text(TokenizerFiles.TOKENIZER_CONFIG)
        .map(text -> parse(text).path("chat_template"))
        .filter(template -> !template.isMissingNode())
        .map(template -> shortDigest(template.asText()))
        .orElse(ABSENT);
  }

  private static String shortDigest(String text) {
    return Digests.sha256(text).substring(0, 12);
  }

  private static JsonNode parse(String json) {
    try {
      return JSON.readTree(json);
    } catch (JsonProcessingException e) {
      throw new DataException(
          ModelFileError.CONFIG_MALFORMED,
          "A JSON file of a model folder cannot be read: " + e.getOriginalMessage(),
          e);
    }
  }
}
