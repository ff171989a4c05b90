package org.instella.model.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.instella.conf.error.DataException;
import org.instella.model.transformer.TransformerConfig;

/**
 * {@code config.json} and {@code generation_config.json} as the configuration class of Instella for
 * transformers reads them; absent keys have the defaults of that class.
 */
public final class ModelConfigJson {
  /** Value of {@code model_type}. */
  public static final String MODEL_TYPE = "instella";

  private static final String ARCHITECTURE = "InstellaForCausalLM";

  private final JsonNode root;
  private final String origin;
  private final List<String> problems = new ArrayList<>();

  private ModelConfigJson(JsonNode root, String origin) {
    this.root = root;
    this.origin = origin;
  }

  /**
   * Reads the text of a {@code config.json}.
   *
   * @param origin name of the file, for messages
   * @throws DataException naming every key that is missing, out of range or asks for something that
   *     Instella has not (biases, another activation, scaled rotary positions)
   */
  public static TransformerConfig parse(String json, String origin) {
    return new ModelConfigJson(JsonText.parseObject(json, origin), origin).read();
  }

  /** The {@code config.json} of a model whose weights are stored as {@code dtype}. */
  public static String render(TransformerConfig config, Dtype dtype) {
    SortedMap<String, Object> json = new TreeMap<>();
    json.put("architectures", List.of(ARCHITECTURE));
    json.put("attention_bias", false);
    json.put("attention_dropout", 0.0);
    putIds(json, config);
    json.put("dtype", dtype.torchName());
    json.put("hidden_act", "silu");
    json.put("hidden_size", config.hiddenSize());
    json.put("initializer_range", 0.02);
    json.put("intermediate_size", config.feedForwardSize());
    json.put("max_position_embeddings", config.maxPositions());
    json.put("model_type", MODEL_TYPE);
    json.put("num_attention_heads", config.heads());
    json.put("num_hidden_layers", config.layers());
    json.put("num_key_value_heads", config.keyValueHeads());
    json.put("rms_norm_eps", config.normEpsilon());
    json.put("rope_scaling", null);
    json.put("rope_theta", config.ropeBase());
    json.put("tie_word_embeddings", config.tiedEmbeddings());
    json.put("use_cache", true);
    json.put("vocab_size", config.vocabularySize());
    return JsonText.render(json);
  }

  /** The {@code generation_config.json} of a model: its special ids. */
  public static String renderGeneration(TransformerConfig config) {
    SortedMap<String, Object> json = new TreeMap<>();
    json.put("_from_model_config", true);
    putIds(json, config);
    return JsonText.render(json);
  }

  private static void putIds(SortedMap<String, Object> json, TransformerConfig config) {
    if (config.bosId() >= 0) {
      json.put("bos_token_id", config.bosId());
    }
    if (config.eosId() >= 0) {
      json.put("eos_token_id", config.eosId());
    }
    if (config.padId() >= 0) {
      json.put("pad_token_id", config.padId());
    }
  }

  private TransformerConfig read() {
    expect("model_type", MODEL_TYPE, root.path("model_type").asText(""));
    expect("hidden_act", "silu", root.path("hidden_act").asText("silu"));
    expect("attention_bias", "false", root.path("attention_bias").asText("false"));
    JsonNode scaling = root.path("rope_scaling");
    if (!scaling.isMissingNode() && !scaling.isNull()) {
      problems.add("rope_scaling = %s: only null is supported".formatted(scaling));
    }
    int hidden = size("hidden_size", 2560);
    int heads = size("num_attention_heads", 32);
    int keyValueHeads = size("num_key_value_heads", heads);
    if (hidden % heads != 0 || (hidden / heads) % 2 != 0) {
      problems.add(
          "hidden_size = %d: must be an even multiple of num_attention_heads = %d"
              .formatted(hidden, heads));
    }
    int headSize = size("head_dim", hidden / heads);
    if (headSize != hidden / heads) {
      problems.add(
          "head_dim = %d: must be hidden_size / num_attention_heads = %d"
              .formatted(headSize, hidden / heads));
    }
    if (heads % keyValueHeads != 0) {
      problems.add(
          "num_key_value_heads = %d: must divide num_attention_heads = %d"
              .formatted(keyValueHeads, heads));
    }
    TransformerConfig config =
        new TransformerConfig(
            size("num_hidden_layers", 36),
            hidden,
            heads,
            keyValueHeads,
            headSize,
            size("intermediate_size", 6912),
            size("vocab_size", 50304),
            positive(root, "rms_norm_eps", 1e-5),
            root.has("rope_theta") || !root.has("rope_parameters")
                ? positive(root, "rope_theta", 10000)
                : positive(root.get("rope_parameters"), "rope_theta", 10000),
            size("max_position_embeddings", 4096),
            root.path("tie_word_embeddings").asBoolean(false),
            id("bos_token_id", -1),
            id("eos_token_id", 0),
            id("pad_token_id", 1));
    if (!problems.isEmpty()) {
      throw new DataException(
          ModelFileError.CONFIG_MALFORMED,
          "%s does not describe an Instella model: %s"
              .formatted(origin, String.join("; ", problems)));
    }
    return config;
  }

  private void expect(String key, String allowed, String actual) {
    if (!actual.equals(allowed)) {
      problems.add("%s = \"%s\": only \"%s\" is supported".formatted(key, actual, allowed));
    }
  }

  private int size(String key, int absent) {
    JsonNode node = root.path(key);
    if (node.isMissingNode() || node.isNull()) {
      return absent;
    }
    if (!node.canConvertToInt() || !node.isIntegralNumber() || node.asInt() < 1) {
      problems.add("%s = %s: must be a whole number of at least 1".formatted(key, node));
      return absent;
    }
    return node.asInt();
  }

  private int id(String key, int absent) {
    JsonNode node = root.path(key);
    if (node.isMissingNode()) {
      return absent;
    }
    if (node.isNull()) {
      return -1;
    }
    if (!node.isIntegralNumber() || !node.canConvertToInt() || node.asInt() < 0) {
      problems.add("%s = %s: must be one token id".formatted(key, node));
      return absent;
    }
    return node.asInt();
  }

  private double positive(JsonNode parent, String key, double absent) {
    JsonNode node = parent.path(key);
    if (node.isMissingNode() || node.isNull()) {
      return absent;
    }
    if (!node.isNumber() || !(node.asDouble() > 0)) {
      problems.add("%s = %s: must be a number above 0".formatted(key, node));
      return absent;
    }
    return node.asDouble();
  }
}
