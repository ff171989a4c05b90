package org.instella.jobs.command;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.Map;

/** Options of the command line as values of a recipe; JSON is HOCON. */
final class Hocon {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Hocon() {}

  static String text(String value) {
    return json(value);
  }

  static String texts(List<String> values) {
    return json(values);
  }

  static String sections(List<Map<String, String>> values) {
    return json(values);
  }

  private static String json(Object value) {
    try {
      return JSON.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
