package org.instella.tokenize.bpe.split;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.instella.tokenize.bpe.RandomTexts;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The hand-written scanners against the patterns themselves, run by the regular expression. */
class ScannersTest {
  private static final String TIKTOKEN =
      "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}{1,3}|"
          + " ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+";

  static List<String> patterns() {
    return List.of(
        Gpt2Splitter.PATTERN,
        Cl100kSplitter.pattern("\\p{N}{1,3}"),
        Cl100kSplitter.pattern("\\p{N}"),
        TIKTOKEN);
  }

  @ParameterizedTest
  @MethodSource("patterns")
  void cutRandomStringsAsThePatternDoes(String pattern) throws Exception {
    compare(pattern, 0, 500);
  }

  @Tag("long")
  @ParameterizedTest
  @MethodSource("patterns")
  void cutVeryManyRandomStringsAsThePatternDoes(String pattern) throws Exception {
    compare(pattern, 500_000, 200_000);
  }

  private static void compare(String pattern, long firstSeed, int strings) throws Exception {
    JsonNode json = split(pattern, "Isolated", false);
    Splitter scanner = PreTokenizer.of(json).scanner().orElseThrow();
    PreTokenizer general = PreTokenizer.general(json);
    for (long seed = firstSeed; seed < firstSeed + strings; seed++) {
      byte[] utf8 = RandomTexts.next(new Random(seed), List.of()).getBytes(UTF_8);
      List<String> pieces = new ArrayList<>();
      for (int at = 0; at < utf8.length; ) {
        int end = scanner.next(utf8, at, utf8.length);
        pieces.add(ByteAlphabet.toCharacters(new String(utf8, at, end - at, UTF_8)));
        at = end;
      }
      List<String> expected = general.split(new String(utf8, UTF_8));
      if (!pieces.equals(expected)) {
        assertThat(pieces).as("seed %d", seed).isEqualTo(expected);
      }
    }
  }

  @Test
  void everyCodePointIsCutAsThePatternDoesAmongLettersDigitsAndSpaces() throws Exception {
    for (String pattern : List.of(Gpt2Splitter.PATTERN, TIKTOKEN)) {
      JsonNode json = split(pattern, "Isolated", false);
      Splitter scanner = PreTokenizer.of(json).scanner().orElseThrow();
      PreTokenizer general = PreTokenizer.general(json);
      for (int block = 0; block <= Character.MAX_CODE_POINT; block += 97) {
        StringBuilder text = new StringBuilder();
        for (int point = block; point < Math.min(block + 97, 0x110000); point++) {
          if (point < Character.MIN_SURROGATE || point > Character.MAX_SURROGATE) {
            text.appendCodePoint(point).append(" a1".charAt(point % 3));
          }
        }
        byte[] utf8 = text.toString().getBytes(UTF_8);
        List<String> pieces = new ArrayList<>();
        for (int at = 0; at < utf8.length; ) {
          int end = scanner.next(utf8, at, utf8.length);
          pieces.add(ByteAlphabet.toCharacters(new String(utf8, at, end - at, UTF_8)));
          at = end;
        }
        assertThat(pieces).as("from U+%04X", block).isEqualTo(general.split(text.toString()));
      }
    }
  }

  @Test
  void takesTheGeneralExpressionForAPatternWithoutScanner() throws Exception {
    PreTokenizer digits = PreTokenizer.of(split("\\p{N}", "MergedWithPrevious", false));
    assertThat(digits.scanner()).isEmpty();
    assertThat(digits.split("a12b")).containsExactly("a1", "2", "b");
    assertThat(PreTokenizer.of(split("\\p{N}", "MergedWithNext", false)).split("a12b"))
        .containsExactly("a", "1", "2b");
    assertThat(PreTokenizer.of(split("\\p{N}", "Contiguous", false)).split("a12b"))
        .containsExactly("a", "12", "b");
    assertThat(PreTokenizer.of(split("\\p{N}", "Removed", true)).split("a12b"))
        .containsExactly("1", "2");
  }

  @Test
  void refusesWhatItCannotTranslate() {
    for (String pattern : List.of("\\p{Han}+", "a{2}+", "^a", "(?<name>a)", "[a[b]]", "\\hx")) {
      assertThatThrownBy(() -> PreTokenizer.of(split(pattern, "Isolated", false)))
          .isInstanceOf(UnsupportedPatternException.class)
          .hasMessageContaining(pattern);
    }
  }

  private static JsonNode split(String pattern, String behaviour, boolean invert) throws Exception {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode json =
        (ObjectNode)
            mapper.readTree(
                """
                {"type": "Sequence", "pretokenizers": [{"type": "Split"},
                 {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}]}
                """);
    ObjectNode split = (ObjectNode) json.get("pretokenizers").get(0);
    split.putObject("pattern").put("Regex", pattern);
    split.put("behavior", behaviour).put("invert", invert);
    return json;
  }
}
