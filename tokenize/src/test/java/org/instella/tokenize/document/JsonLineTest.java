package org.instella.tokenize.document;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonLineTest {
  private static final ObjectMapper JACKSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private final JsonLine fast =
      new JsonLine(DocumentSchema.DOLMA, new JsonString(), new JsonString());

  static LongStream seeds() {
    return LongStream.range(0, 400);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void readsEveryDocumentAsJacksonDoes(long seed) throws IOException {
    Random random = new Random(seed);
    for (int i = 0; i < 20; i++) {
      String line = object(random, 0, true);
      check(line, true);
    }
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void acceptsNothingThatJacksonRejects(long seed) throws IOException {
    Random random = new Random(seed);
    String interesting = "\"\\{}[]:,0123eE+-.tfnu \t\u0001\u00e9\u65e5a/";
    for (int i = 0; i < 50; i++) {
      StringBuilder line = new StringBuilder(object(random, 0, true));
      for (int k = 1 + random.nextInt(2); k > 0; k--) {
        int at = random.nextInt(line.length());
        char c = interesting.charAt(random.nextInt(interesting.length()));
        switch (random.nextInt(3)) {
          case 0 -> line.setCharAt(at, c);
          case 1 -> line.insert(at, c);
          default -> line.deleteCharAt(at);
        }
      }
      check(line.toString(), false);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "[]",
        "{\"text\":null}",
        "{\"text\":1}",
        "{\"text\":\"a\",}",
        "{\"text\":\"a\"}}",
        "{\"text\":\"\\ud800\"}",
        "{\"text\":\"\\ud800\\u0041\"}",
        "{\"text\":\"\\udc00\"}",
        "{\"text\":\"\\x\"}",
        "{\"text\":\"\\u12\"}",
        "{\"text\":\"a",
        "{\"text\":\"a\\",
        "{\"text\":\"a\",\"x\":01}",
        "{\"text\":\"a\",\"x\":1.}",
        "{\"text\":\"a\",\"x\":.1}",
        "{\"text\":\"a\",\"x\":-}",
        "{\"text\":\"a\",\"x\":1e}",
        "{\"text\":\"a\",\"x\":tru}",
        "{\"text\":\"a\",\"x\":[1,]}",
        "{\"text\":\"a\",\"x\":{\"a\"}}",
        "{\"text\":\"a\" \"x\":1}"
      })
  void givesUpAtWhatIsNoDocument(String line) {
    byte[] bytes = line.getBytes(UTF_8);
    assertThat(fast.read(bytes, 0, bytes.length)).isFalse();
  }

  private void check(String line, boolean mustRead) throws IOException {
    byte[] bytes = ("??" + line + "??").getBytes(UTF_8);
    boolean read = fast.read(bytes, 2, bytes.length - 2);
    if (mustRead) {
      assertThat(read).as(line).isTrue();
    }
    if (!read) {
      return;
    }
    JsonNode expected;
    try {
      expected = JACKSON.readTree(bytes, 2, bytes.length - 4);
    } catch (JsonProcessingException e) {
      throw new AssertionError("accepted " + line, e);
    }
    assertThat(fast.text().toString()).as(line).isEqualTo(expected.get("text").asText());
    assertThat(fast.id()).as(line).isEqualTo(expected.path("id").asText(null));
    assertThat(fast.source()).as(line).isEqualTo(expected.path("source").asText(null));
  }

  private static String object(Random random, int depth, boolean document) {
    StringBuilder json = new StringBuilder("{").append(space(random));
    int fields = random.nextInt(4);
    int textAt = document ? random.nextInt(fields + 1) : -1;
    for (int i = 0; i <= fields; i++) {
      String[] names = {"id", "source", "metadata", "x", "texts", "tex", ""};
      String name = i == textAt ? "text" : names[random.nextInt(document ? 7 : 2)];
      boolean string =
          document && (name.equals("text") || name.equals("id") || name.equals("source"));
      json.append('"').append(name).append('"').append(space(random)).append(':');
      json.append(space(random)).append(string ? string(random) : value(random, depth + 1));
      json.append(space(random)).append(i < fields ? "," : "").append(space(random));
    }
    return json.append('}').append(space(random)).toString();
  }

  private static String value(Random random, int depth) {
    return switch (random.nextInt(depth > 4 ? 5 : 7)) {
      case 0 -> string(random);
      case 1 -> "" + random.nextInt(-100, 100);
      case 2 -> random.nextBoolean() ? "-0.5e+3" : "12.25E-2";
      case 3 -> random.nextBoolean() ? "true" : "false";
      case 4 -> "null";
      case 5 -> object(random, depth, false);
      default -> {
        StringBuilder array = new StringBuilder("[");
        int size = random.nextInt(4);
        for (int i = 0; i < size; i++) {
          array.append(i > 0 ? "," : "").append(space(random)).append(value(random, depth + 1));
        }
        yield array.append(space(random)).append(']').toString();
      }
    };
  }

  private static String string(Random random) {
    String[] parts = {
      "a", "bc ", "0123456789abcdef", "\u00e9", "\u65e5\u672c", "\uD83D\uDE00", "\\n", "\\\"",
      "\\\\", "\\/", "\\t\\r\\b\\f", "\\u00e9", "\\u0000", "\\uD83D\\uDE00", "\\u65E5", "\u007f"
    };
    StringBuilder string = new StringBuilder("\"");
    for (int i = random.nextInt(12); i > 0; i--) {
      string.append(parts[random.nextInt(parts.length)]);
    }
    return string.append('"').toString();
  }

  private static String space(Random random) {
    return random.nextInt(3) == 0 ? " \t\r".substring(random.nextInt(3)) : "";
  }
}
