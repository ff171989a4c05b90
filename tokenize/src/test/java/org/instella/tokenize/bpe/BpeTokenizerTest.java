package org.instella.tokenize.bpe;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.instella.conf.error.DataException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BpeTokenizerTest {
  @ParameterizedTest(name = "{0}")
  @ValueSource(
      strings = {
        GoldenStrings.INSTELLA,
        "allenai_gpt-neox-olmo-dolma-v1_5.json",
        GoldenStrings.DOLMA2,
        GoldenStrings.QWEN3,
        GoldenStrings.FALCON
      })
  void givesTheIdsAndTextsOfTheReferenceLibrary(String file) throws Exception {
    Tokenizer tokenizer = GoldenStrings.ours(file);
    List<String> wrong = new ArrayList<>();
    List<GoldenStrings.Line> lines = GoldenStrings.lines(file);
    // Twice: the second time the words come from the cache.
    for (int round = 0; round < 2; round++) {
      for (GoldenStrings.Line line : lines) {
        byte[] utf8 = line.text().getBytes(UTF_8);
        TokenBuffer fromBytes = new TokenBuffer();
        tokenizer.encode(utf8, 0, utf8.length, fromBytes);
        if (!Arrays.equals(tokenizer.encode(line.text()), line.ids())) {
          wrong.add("encode %s (%s), round %d".formatted(line.id(), line.kind(), round));
        }
        if (!Arrays.equals(fromBytes.toArray(), line.ids())) {
          wrong.add("encode bytes %s (%s), round %d".formatted(line.id(), line.kind(), round));
        }
        if (!tokenizer.decode(line.ids()).equals(line.decoded())) {
          wrong.add("decode %s (%s)".formatted(line.id(), line.kind()));
        }
      }
    }
    assertThat(lines).hasSize(2000);
    assertThat(wrong).isEmpty();
  }

  @Test
  void knowsTheVectorsOfTheRecipe() throws Exception {
    Tokenizer tokenizer = GoldenStrings.ours(GoldenStrings.INSTELLA);
    assertThat(tokenizer.encode("Hello world")).containsExactly(12092, 1533);
    assertThat(tokenizer.encode("<|user|>\n")).containsExactly(29, 93, 4537, 49651, 187);
    assertThat(tokenizer.encode("  two")).containsExactly(50276, 9389);
    assertThat(tokenizer.encode("x" + " ".repeat(30) + "y")).containsExactly(89, 50254, 50272, 90);
    assertThat(tokenizer.encode("")).isEmpty();
  }

  @Test
  void encodesALoneSurrogateAsTheReplacementCharacter() throws Exception {
    Tokenizer tokenizer = GoldenStrings.ours(GoldenStrings.DOLMA2);
    assertThat(tokenizer.encode("a\uD800b\uDC00\uD83D"))
        .isEqualTo(tokenizer.encode("a\uFFFDb\uFFFD\uFFFD"));
    // A pair that the reader's chunks would cut in two.
    String long1 = "x".repeat(4095) + "\uD83D\uDE00" + "\uD83D";
    assertThat(tokenizer.decode(tokenizer.encode(long1)))
        .isEqualTo("x".repeat(4095) + "\uD83D\uDE00\uFFFD");
  }

  @Test
  void encodesIllFormedBytesAsAnyLossyDecoderReadsThem() throws Exception {
    Tokenizer tokenizer = GoldenStrings.ours(GoldenStrings.INSTELLA);
    byte[] bytes = {'a', (byte) 0xE4, (byte) 0xB8, 'b', (byte) 0xC0, (byte) 0xAF, (byte) 0xF0};
    TokenBuffer out = new TokenBuffer();
    tokenizer.encode(bytes, 0, bytes.length, out);
    assertThat(out.toArray()).isEqualTo(tokenizer.encode(new String(bytes, UTF_8)));
  }

  @Test
  void refusesToDecodeAnIdThatIsNotThere() throws Exception {
    Tokenizer tokenizer = GoldenStrings.ours(GoldenStrings.INSTELLA);
    assertThatThrownBy(() -> tokenizer.decode(new int[] {1, 50_280}))
        .isInstanceOf(DataException.class)
        .hasMessage("Id 50280 at place 1 cannot be decoded: the vocabulary has 50280 ids");
  }
}
