package org.instella.conf.manifest;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.instella.conf.error.DataException;

/** The JSON form of a {@link Manifest}. */
final class ManifestJson {
  private static final ObjectMapper JSON = new ObjectMapper();

  // The line separator is fixed: a manifest has the same bytes on every machine.
  private static final ObjectWriter WRITER =
      JSON.writer(
          new DefaultPrettyPrinter()
              .withObjectIndenter(new DefaultIndenter("  ", "\n"))
              .withArrayIndenter(new DefaultIndenter("  ", "\n"))
              .withSeparators(
                  Separators.createDefaultInstance()
                      .withObjectFieldValueSpacing(Separators.Spacing.AFTER)));

  private static final String PLAIN = "sha256";

  private ManifestJson() {}

  static String render(Manifest manifest) {
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("kind", manifest.kind());
    root.put("format-version", manifest.formatVersion());
    root.put("code-version", manifest.codeVersion());
    root.put("inputs", manifest.inputs());
    root.put("configuration", manifest.configuration());
    root.put("facts", sorted(manifest.facts()));
    List<Map<String, Object>> files = new ArrayList<>();
    for (FileDigest file : manifest.files()) {
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("name", file.name());
      entry.put("bytes", file.bytes());
      String digest = file.sha256();
      Optional<TreeDigest.Algorithm> tree = TreeDigest.Algorithm.of(digest);
      entry.put(
          tree.map(TreeDigest.Algorithm::key).orElse(PLAIN),
          digest.substring(tree.map(algorithm -> algorithm.prefix().length()).orElse(0)));
      files.add(entry);
    }
    root.put("files", files);
    try {
      return WRITER.writeValueAsString(root) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("A fact of the manifest has no JSON form", e);
    }
  }

  static Manifest parse(String text, String origin) {
    try {
      JsonNode root = JSON.readTree(text);
      List<FileDigest> files = new ArrayList<>();
      for (JsonNode file : required(root, "files")) {
        files.add(
            new FileDigest(
                required(file, "name").asText(), required(file, "bytes").asLong(), digest(file)));
      }
      SortedMap<String, Object> facts = new TreeMap<>();
      required(root, "facts")
          .properties()
          .forEach(e -> facts.put(e.getKey(), JSON.convertValue(e.getValue(), Object.class)));
      return new Manifest(
          required(root, "kind").asText(),
          required(root, "format-version").asInt(),
          required(root, "code-version").asText(),
          texts(required(root, "inputs")),
          texts(required(root, "configuration")),
          files,
          facts);
    } catch (JsonProcessingException | IllegalArgumentException e) {
      String reason =
          e instanceof JsonProcessingException json ? json.getOriginalMessage() : e.getMessage();
      throw new DataException(
          ManifestError.MALFORMED_MANIFEST,
          "%s is not a manifest: %s".formatted(origin, reason),
          e);
    }
  }

  private static String digest(JsonNode file) {
    for (TreeDigest.Algorithm algorithm : TreeDigest.Algorithm.values()) {
      if (file.has(algorithm.key())) {
        return algorithm.prefix() + file.get(algorithm.key()).asText();
      }
    }
    return required(file, PLAIN).asText();
  }

  /** Maps inside facts in key order too, whatever map the caller used. */
  private static Object sorted(Object value) {
    if (value instanceof Map<?, ?> map) {
      SortedMap<String, Object> sorted = new TreeMap<>();
      map.forEach((key, entry) -> sorted.put((String) key, sorted(entry)));
      return sorted;
    }
    if (value instanceof List<?> list) {
      return list.stream().map(ManifestJson::sorted).toList();
    }
    return value;
  }

  private static JsonNode required(JsonNode node, String field) {
    JsonNode value = node.get(field);
    if (value == null || value.isNull()) {
      throw new IllegalArgumentException("field \"%s\" is missing".formatted(field));
    }
    return value;
  }

  private static SortedMap<String, String> texts(JsonNode object) {
    SortedMap<String, String> map = new TreeMap<>();
    object.properties().forEach(e -> map.put(e.getKey(), e.getValue().asText()));
    return map;
  }
}
