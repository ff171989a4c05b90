package org.instella.model.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.SortedMap;
import org.instella.conf.error.DataException;

/** JSON as the Python world writes it: two spaces, sorted keys, a newline at the end. */
final class JsonText {
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();
  private static final ObjectWriter WRITER =
      JSON.writer(
          new DefaultPrettyPrinter()
              .withObjectIndenter(new DefaultIndenter("  ", "\n"))
              .withArrayIndenter(new DefaultIndenter("  ", "\n"))
              .withSeparators(
                  Separators.createDefaultInstance()
                      .withObjectFieldValueSpacing(Separators.Spacing.AFTER)));

  private JsonText() {}

  static String render(SortedMap<String, ?> object) {
    try {
      return WRITER.writeValueAsString(object) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("a value has no JSON form", e);
    }
  }

  /**
   * Reads a JSON object.
   *
   * @throws DataException if the text is something else; {@code origin} names it in the message
   */
  static JsonNode parseObject(String text, String origin) {
    try {
      JsonNode root = JSON.readTree(text);
      if (root == null || !root.isObject()) {
        throw new DataException(
            ModelFileError.CONFIG_MALFORMED, "%s is no JSON object".formatted(origin));
      }
      return root;
    } catch (JsonProcessingException e) {
      throw new DataException(
          ModelFileError.CONFIG_MALFORMED,
          "%s is not JSON (line %d): %s"
              .formatted(
                  origin,
                  e.getLocation() == null ? 1 : e.getLocation().getLineNr(),
                  e.getOriginalMessage().lines().findFirst().orElse("")),
          e);
    }
  }
}
