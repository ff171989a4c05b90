package org.instella.tokenize.bpe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.instella.conf.SharedData;

/** The tokenizer files of the shared data and the strings whose ids the reference library gave. */
final class GoldenStrings {
  static final String INSTELLA = "allenai_eleuther-ai-gpt-neox-20b-pii-special.json";
  static final String DOLMA2 = "allenai_dolma2.json";
  static final String QWEN3 = "qwen3.json.gz";
  static final String FALCON = "falcon.json.gz";

  record Line(String id, String kind, String text, int[] ids, String decoded) {}

  private GoldenStrings() {}

  /** The bytes of a {@code tokenizer.json}, unpacked. */
  static byte[] json(String file) {
    Path path = SharedData.require().resolve("data/tokenizers").resolve(file);
    try (InputStream in = Files.newInputStream(path)) {
      return file.endsWith(".gz") ? new GZIPInputStream(in).readAllBytes() : in.readAllBytes();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** Our encoder for a file of the shared data. */
  static Tokenizer ours(String file) throws UnsupportedTokenizerException {
    return ByteLevelBpe.shared(json(file), file).newTokenizer();
  }

  static List<Line> lines(String file) throws IOException {
    String name = file.replaceFirst("\\.json(\\.gz)?$", "") + ".jsonl.gz";
    Path path = SharedData.require().resolve("data/golden/tokenizer").resolve(name);
    ObjectMapper mapper = new ObjectMapper();
    List<Line> lines = new ArrayList<>();
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(path)), StandardCharsets.UTF_8))) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        JsonNode json = mapper.readTree(line);
        String text = json.get("text").asText();
        lines.add(
            new Line(
                json.get("id").asText(),
                json.get("kind").asText(),
                text,
                mapper.convertValue(json.get("ids"), int[].class),
                json.path("decoded").asText(text)));
      }
    }
    return lines;
  }
}
