package org.instella.tokenize.bpe;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.instella.conf.SharedData;
import org.instella.conf.error.DataException;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HuggingFaceTokenizerTest {
  private static final String INSTELLA = "allenai_eleuther-ai-gpt-neox-20b-pii-special.json";

  @ParameterizedTest(name = "{0}")
  @ValueSource(
      strings = {
        INSTELLA,
        "allenai_gpt-neox-olmo-dolma-v1_5.json",
        "allenai_dolma2.json",
        "qwen3.json.gz",
        "phi-3-mini.json.gz",
        "falcon.json.gz",
        "clip.json.gz",
        "t5-small.json.gz"
      })
  void givesTheIdsAndTextsOfTheReferenceLibrary(String file) throws IOException {
    Path shared = SharedData.require();
    String name = file.replaceFirst("\\.json(\\.gz)?$", "");
    List<String> wrong = new ArrayList<>();
    int strings = 0;
    try (Tokenizer tokenizer = HuggingFaceTokenizer.parse(json(shared, file), file);
        BufferedReader lines =
            gzipLines(shared.resolve("data/golden/tokenizer/" + name + ".jsonl.gz"))) {
      ObjectMapper mapper = new ObjectMapper();
      for (String line = lines.readLine(); line != null; line = lines.readLine(), strings++) {
        JsonNode golden = mapper.readTree(line);
        String text = golden.get("text").asText();
        int[] ids = mapper.convertValue(golden.get("ids"), int[].class);
        String decoded = golden.path("decoded").asText(text);
        if (!Arrays.equals(tokenizer.encode(text), ids)) {
          wrong.add("encode " + golden.get("id"));
        }
        if (!tokenizer.decode(ids).equals(decoded)) {
          wrong.add("decode " + golden.get("id"));
        }
      }
    }
    assertThat(strings).isEqualTo(2000);
    assertThat(wrong).isEmpty();
  }

  @Test
  void knowsItsVocabulary() {
    Path shared = SharedData.require();
    try (Tokenizer tokenizer = HuggingFaceTokenizer.parse(json(shared, INSTELLA), INSTELLA)) {
      assertThat(tokenizer.vocabularySize()).isEqualTo(50_280);
      assertThat(tokenizer.idOf("<|endoftext|>")).hasValue(0);
      assertThat(tokenizer.idOf("<|padding|>")).hasValue(1);
      assertThat(tokenizer.idOf("no such token")).isEmpty();
      assertThat(tokenizer.encode("x" + " ".repeat(30) + "y"))
          .containsExactly(89, 50254, 50272, 90);
      assertThat(tokenizer.encode("")).isEmpty();
    }
  }

  @Test
  void readsALoneSurrogateAsTheReplacementCharacter() {
    Path shared = SharedData.require();
    try (Tokenizer tokenizer = HuggingFaceTokenizer.parse(json(shared, INSTELLA), INSTELLA)) {
      assertThat(tokenizer.encode("a\uD800b\uDC00\uD83D\uDE00c"))
          .containsExactly(tokenizer.encode("a\uFFFDb\uFFFD\uD83D\uDE00c"));
    }
  }

  @Test
  void refusesAnIdOutsideTheVocabulary() {
    Path shared = SharedData.require();
    try (Tokenizer tokenizer = HuggingFaceTokenizer.parse(json(shared, INSTELLA), INSTELLA)) {
      assertThatThrownBy(() -> tokenizer.decode(new int[] {5, 50_280}))
          .isInstanceOf(DataException.class)
          .hasMessage("Id 50280 at place 1 cannot be decoded: the vocabulary has 50280 ids");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "[]", "{}", "{\"model\":{\"vocab\":{\"a\":-1}}}", "{\"model\":"})
  void refusesAFileThatIsNoTokenizer(String json) {
    assertThatThrownBy(() -> HuggingFaceTokenizer.parse(json.getBytes(UTF_8), "some.json"))
        .isInstanceOf(DataException.class)
        .hasMessageStartingWith("some.json is not a tokenizer.json: ");
  }

  @Test
  void refusesAModelThatTheLibraryDoesNotKnow() {
    String json = "{\"model\":{\"type\":\"Nonsense\",\"vocab\":{\"a\":0}}}";
    assertThatThrownBy(() -> HuggingFaceTokenizer.parse(json.getBytes(UTF_8), "some.json"))
        .isInstanceOf(DataException.class)
        .hasMessageStartingWith("The tokenizers library refuses some.json");
  }

  private static byte[] json(Path shared, String file) {
    return Tokenizers.json(
        Storage.standard(),
        new TokenizerSpec(Location.of(shared.resolve("data/tokenizers").resolve(file))));
  }

  private static BufferedReader gzipLines(Path file) throws IOException {
    return new BufferedReader(
        new InputStreamReader(new GZIPInputStream(Files.newInputStream(file)), UTF_8));
  }
}
