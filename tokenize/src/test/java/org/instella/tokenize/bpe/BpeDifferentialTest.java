package org.instella.tokenize.bpe;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Our encoder against the library itself, over strings that nobody wrote. */
class BpeDifferentialTest {

  @ParameterizedTest(name = "{0}")
  @ValueSource(
      strings = {
        GoldenStrings.INSTELLA,
        "allenai_gpt-neox-olmo-dolma-v1_5.json",
        GoldenStrings.DOLMA2,
        GoldenStrings.QWEN3,
        GoldenStrings.FALCON
      })
  void agreesWithTheLibraryOnRandomStrings(String file) throws Exception {
    compare(file, 1, 2_000);
  }

  @Tag("long")
  @ParameterizedTest(name = "{0}")
  @ValueSource(
      strings = {
        GoldenStrings.INSTELLA,
        "allenai_gpt-neox-olmo-dolma-v1_5.json",
        GoldenStrings.DOLMA2,
        GoldenStrings.QWEN3,
        GoldenStrings.FALCON
      })
  void agreesWithTheLibraryOnVeryManyRandomStrings(String file) throws Exception {
    compare(file, 1_000_000, file.equals(GoldenStrings.FALCON) ? 50_000 : 300_000);
  }

  private static void compare(String file, long firstSeed, int strings) throws Exception {
    byte[] json = GoldenStrings.json(file);
    List<String> words = new ArrayList<>();
    for (JsonNode token : new ObjectMapper().readTree(json).get("added_tokens")) {
      words.add(token.get("content").asText());
    }
    Tokenizer ours = ByteLevelBpe.shared(json, file).newTokenizer();
    try (Tokenizer library = HuggingFaceTokenizer.parse(json, file)) {
      for (int i = 0; i < strings; i++) {
        long seed = firstSeed + i;
        String text = RandomTexts.next(new Random(seed), words);
        int[] expected = library.encode(text);
        int[] ids = ours.encode(text);
        if (!Arrays.equals(ids, expected)) {
          assertThat(ids).as("seed %d, %s", seed, escaped(text)).containsExactly(expected);
        }
        String back = library.decode(expected);
        if (!ours.decode(expected).equals(back)) {
          assertThat(ours.decode(expected)).as("decode, seed %d", seed).isEqualTo(back);
        }
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {GoldenStrings.INSTELLA, GoldenStrings.DOLMA2, GoldenStrings.QWEN3})
  void agreesWithTheLibraryOnTextWithoutSplitPoints(String file) throws Exception {
    byte[] json = GoldenStrings.json(file);
    Tokenizer ours = ByteLevelBpe.shared(json, file).newTokenizer();
    try (Tokenizer library = HuggingFaceTokenizer.parse(json, file)) {
      for (String text : WordsWithoutEnd.texts(10_000)) {
        assertThat(ours.encode(text))
            .as("%s…, %d characters", text.substring(0, 20), text.length())
            .containsExactly(library.encode(text));
      }
    }
  }

  private static String escaped(String text) {
    StringBuilder out = new StringBuilder();
    for (char c : text.toCharArray()) {
      out.append(c > ' ' && c < 0x7F ? String.valueOf(c) : "\\u%04X".formatted((int) c));
    }
    return new String(
        out.toString().getBytes(StandardCharsets.US_ASCII), StandardCharsets.US_ASCII);
  }
}
