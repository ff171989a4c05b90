package org.instella.tokenize.bpe.train;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * A trained vocabulary.
 *
 * @param specials the special tokens, ids 0 and on
 * @param tokens all tokens by id, specials included, bytes written in GPT-2's alphabet
 * @param merges pairs of tokens in the order of their rank
 */
public record BpeVocabulary(List<String> specials, List<String> tokens, List<Merge> merges) {

  /** Two tokens that become one. */
  public record Merge(String left, String right) {}

  public BpeVocabulary {
    specials = List.copyOf(specials);
    tokens = List.copyOf(tokens);
    merges = List.copyOf(merges);
  }

  /**
   * The {@code tokenizer.json}: NFC, GPT-2's split, byte-level BPE; what Hugging Face {@code
   * tokenizers} opens. Equal vocabularies give equal bytes.
   */
  public byte[] toTokenizerJson() {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode root = mapper.createObjectNode();
    root.put("version", "1.0").putNull("truncation").putNull("padding");
    ArrayNode added = root.putArray("added_tokens");
    for (int id = 0; id < specials.size(); id++) {
      ObjectNode token = added.addObject().put("id", id).put("content", specials.get(id));
      for (String flag : List.of("single_word", "lstrip", "rstrip", "normalized")) {
        token.put(flag, false);
      }
      token.put("special", true);
    }
    root.putObject("normalizer").put("type", "NFC");
    root.set("pre_tokenizer", byteLevel(mapper, false));
    root.putNull("post_processor");
    root.set("decoder", byteLevel(mapper, true));
    ObjectNode model = root.putObject("model").put("type", "BPE");
    for (String absent :
        List.of("dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix")) {
      model.putNull(absent);
    }
    for (String off : List.of("fuse_unk", "byte_fallback", "ignore_merges")) {
      model.put(off, false);
    }
    ObjectNode vocabulary = model.putObject("vocab");
    for (int id = 0; id < tokens.size(); id++) {
      vocabulary.put(tokens.get(id), id);
    }
    ArrayNode ranks = model.putArray("merges");
    merges.forEach(merge -> ranks.add(merge.left() + " " + merge.right()));
    DefaultPrettyPrinter printer = new DefaultPrettyPrinter();
    DefaultIndenter indenter = new DefaultIndenter("  ", "\n");
    printer.indentObjectsWith(indenter);
    printer.indentArraysWith(indenter);
    try {
      return (mapper.writer(printer).writeValueAsString(root) + "\n").getBytes(UTF_8);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a JSON tree can be written", e);
    }
  }

  private static ObjectNode byteLevel(ObjectMapper mapper, boolean prefixSpace) {
    return mapper
        .createObjectNode()
        .put("type", "ByteLevel")
        .put("add_prefix_space", prefixSpace)
        .put("trim_offsets", true)
        .put("use_regex", true);
  }
}
