package org.instella.tokenize.bpe;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.management.ManagementFactory;
import java.util.Random;
import org.instella.conf.error.DataException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BpeFileTest {
  private static String file() {
    return new String(new RandomTokenizerFile(new Random(1)).json(), UTF_8)
        .replaceFirst("\"normalizer\":(null|\\{[^}]*\\})", "\"normalizer\":null");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'\"type\":\"BPE\"' | '\"type\":\"WordPiece\"' | model WordPiece is not BPE",
        "'\"dropout\":null' | '\"dropout\":0.1' | model.dropout 0.1 makes ids random",
        "'\"end_of_word_suffix\":null' | '\"end_of_word_suffix\":\"</w>\"'"
            + " | model.end_of_word_suffix is not byte-level",
        "'\"normalizer\":null' | '\"normalizer\":{\"type\":\"NFKC\"}' | normalizer NFKC is not NFC",
        "'\"decoder\":{\"type\":\"ByteLevel\"' | '\"decoder\":{\"type\":\"Metaspace\"'"
            + " | decoder Metaspace is not ByteLevel"
      })
  void leavesToTheLibraryWhatItDoesNotDo(String key, String other, String why) {
    String json = file().replace(key, other);
    assertThat(json).isNotEqualTo(file());
    assertThatThrownBy(() -> new BpeFile(json.getBytes(UTF_8), "some.json").read(""))
        .isInstanceOf(UnsupportedTokenizerException.class)
        .hasMessage(why);
  }

  @Test
  void refusesAMergeOfUnknownTokens() {
    String json = file().replaceFirst("\"merges\":\\[", "\"merges\":[\"no such\",");
    assertThatThrownBy(() -> new BpeFile(json.getBytes(UTF_8), "some.json").read(""))
        .isInstanceOf(DataException.class)
        .hasMessage(
            "some.json is not a tokenizer.json: merge 0 needs the token \"no\", which is not in the"
                + " vocabulary");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "[]", "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":-1},\"merges\":[]}}"})
  void refusesWhatIsNoTokenizerFile(String json) {
    assertThatThrownBy(() -> new BpeFile(json.getBytes(UTF_8), "some.json").read(""))
        .isInstanceOf(DataException.class)
        .hasMessageStartingWith("some.json is not a tokenizer.json: ");
  }

  @Test
  void theFileDecidesWhichImplementationServes() {
    assertThat(Tokenizers.parse(GoldenStrings.json(GoldenStrings.INSTELLA), "a").implementation())
        .isEqualTo("own byte-level BPE (split by scanner, NFC)");
    try (Tokenizer clip = Tokenizers.parse(GoldenStrings.json("clip.json.gz"), "b")) {
      assertThat(clip.implementation()).contains("Hugging Face");
    }
  }

  @Test
  void encodingMakesNoGarbage() throws Exception {
    Tokenizer tokenizer = GoldenStrings.ours(GoldenStrings.INSTELLA);
    StringBuilder text = new StringBuilder();
    for (GoldenStrings.Line line : GoldenStrings.lines(GoldenStrings.INSTELLA)) {
      text.append(line.text()).append('\n');
    }
    byte[] utf8 = text.toString().getBytes(UTF_8);
    TokenBuffer out = new TokenBuffer();
    for (int i = 0; i < 3; i++) {
      out.clear();
      tokenizer.encode(utf8, 0, utf8.length, out);
    }
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long thread = Thread.currentThread().getId();
    long before = threads.getThreadAllocatedBytes(thread);
    out.clear();
    tokenizer.encode(utf8, 0, utf8.length, out);
    long garbage = threads.getThreadAllocatedBytes(thread) - before;
    // Runs of marks that have to be sorted take two small rows each; nothing goes by the token.
    assertThat(out.size()).isGreaterThan(100_000);
    assertThat(garbage).isLessThan(out.size() / 10);
  }
}
