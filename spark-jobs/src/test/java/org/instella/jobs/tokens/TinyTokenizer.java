package org.instella.jobs.tokens;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A byte-level tokenizer.json with one token per byte, but for "th" and "the". */
public final class TinyTokenizer {
  public static final int VOCABULARY = 259;

  private TinyTokenizer() {}

  /** Writes the file. */
  public static Path write(Path file) throws IOException {
    Map<String, Integer> vocabulary = new LinkedHashMap<>();
    vocabulary.put("<|endoftext|>", 0);
    int shifted = 256;
    for (int b = 0; b < 256; b++) {
      boolean printable = (b > 32 && b < 127) || (b > 160 && b != 173);
      vocabulary.put(String.valueOf((char) (printable ? b : shifted++)), b + 1);
    }
    vocabulary.put("th", 257);
    vocabulary.put("the", 258);
    Map<String, Object> byteLevel =
        Map.of(
            "type",
            "ByteLevel",
            "add_prefix_space",
            false,
            "trim_offsets",
            true,
            "use_regex",
            true);
    Map<String, Object> end = new LinkedHashMap<>();
    end.put("id", 0);
    end.put("content", "<|endoftext|>");
    List.of("single_word", "lstrip", "rstrip", "normalized").forEach(flag -> end.put(flag, false));
    end.put("special", true);
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("type", "BPE");
    model.put("vocab", vocabulary);
    model.put("merges", List.of("t h", "th e"));
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("version", "1.0");
    root.put("added_tokens", List.of(end));
    root.put("pre_tokenizer", byteLevel);
    root.put("decoder", byteLevel);
    root.put("model", model);
    return Files.writeString(file, new ObjectMapper().writeValueAsString(root));
  }
}
