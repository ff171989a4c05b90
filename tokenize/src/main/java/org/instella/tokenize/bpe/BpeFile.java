package org.instella.tokenize.bpe;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.instella.tokenize.bpe.merge.MergeTable;
import org.instella.tokenize.bpe.merge.WordCache;
import org.instella.tokenize.bpe.split.ByteAlphabet;
import org.instella.tokenize.bpe.split.PreTokenizer;
import org.instella.tokenize.bpe.split.UnsupportedPatternException;
import org.instella.tokenize.bpe.unicode.Nfc;
import org.instella.tokenize.bpe.unicode.Utf8Buffer;

/**
 * Reads a {@code tokenizer.json} into the tables of our encoder, or says what in it we do not do.
 * Nothing is guessed: a key with a value that is not known to be harmless refuses the file.
 */
final class BpeFile {
  private final BpeJson json;
  private final Map<String, Integer> ids;

  BpeFile(byte[] json, String origin) {
    this.json = BpeJson.read(json, origin);
    ids = this.json.vocabulary();
  }

  /** The tables. */
  ByteLevelBpe read(String digest) throws UnsupportedTokenizerException {
    refuseOtherModels();
    boolean composes = normaliser(json.at("normalizer"));
    PreTokenizer preTokenizer = preTokenizer();
    refuseOtherDecoders(json.at("decoder"));
    refuseHugeVocabularies();
    byte[][] modelTokens = bytesById();
    int[] byteIds = byteIds();
    int[][] fallbacks = fallbacks(byteIds);
    MergeTable merges = merges();
    merges.complete(byteIds, modelTokens);
    List<AddedToken> added = addedTokens();
    byte[][] tokens = bytesById();
    return new ByteLevelBpe(
        digest,
        Map.copyOf(ids),
        tokens,
        merges,
        fallbacks,
        json.model("ignore_merges").asBoolean()
            ? Optional.of(new WholeWords(modelTokens))
            : Optional.empty(),
        composes,
        finder(added.stream().filter(token -> !token.normalised()).toList(), false),
        finder(added.stream().filter(AddedToken::normalised).toList(), composes),
        preTokenizer);
  }

  private void refuseOtherModels() throws UnsupportedTokenizerException {
    // Old files leave the type out; then merges tell a BPE model.
    String type = json.model("type").asText("BPE");
    if (!type.equals("BPE") || !json.hasRows()) {
      throw new UnsupportedTokenizerException("model %s is not BPE".formatted(type));
    }
    if (json.model("dropout").asDouble(0) != 0) {
      throw new UnsupportedTokenizerException(
          "model.dropout %s makes ids random".formatted(json.model("dropout")));
    }
    for (String key : List.of("continuing_subword_prefix", "end_of_word_suffix")) {
      if (!json.model(key).asText("").isEmpty() && !json.model(key).isNull()) {
        throw new UnsupportedTokenizerException("model.%s is not byte-level".formatted(key));
      }
    }
  }

  private boolean normaliser(JsonNode json) throws UnsupportedTokenizerException {
    if (json.isMissingNode() || json.isNull()) {
      return false;
    }
    String type = json.path("type").asText();
    if (type.equals("Sequence")) {
      boolean composes = false;
      for (JsonNode step : json.path("normalizers")) {
        composes |= normaliser(step);
      }
      return composes;
    }
    if (!type.equals("NFC")) {
      throw new UnsupportedTokenizerException("normalizer %s is not NFC".formatted(type));
    }
    return true;
  }

  private PreTokenizer preTokenizer() throws UnsupportedTokenizerException {
    try {
      return PreTokenizer.of(json.at("pre_tokenizer"));
    } catch (UnsupportedPatternException e) {
      throw new UnsupportedTokenizerException(e.getMessage());
    }
  }

  private static void refuseOtherDecoders(JsonNode json) throws UnsupportedTokenizerException {
    JsonNode decoder = json;
    while (decoder.path("type").asText().equals("Sequence")
        && decoder.path("decoders").size() == 1) {
      decoder = decoder.path("decoders").get(0);
    }
    if (!decoder.path("type").asText().equals("ByteLevel")) {
      throw new UnsupportedTokenizerException(
          "decoder %s is not ByteLevel".formatted(decoder.path("type").asText("null")));
    }
  }

  private void refuseHugeVocabularies() throws UnsupportedTokenizerException {
    int highest = ids.values().stream().mapToInt(Integer::intValue).max().orElse(-1);
    if (highest >= Math.min(MergeTable.MAX_IDS, WordCache.MAX_IDS)) {
      throw new UnsupportedTokenizerException("id %d is above our tables".formatted(highest));
    }
  }

  private byte[][] bytesById() {
    int size = 1 + ids.values().stream().mapToInt(Integer::intValue).max().orElse(-1);
    byte[][] bytes = new byte[size][];
    ids.forEach((token, id) -> bytes[id] = ByteAlphabet.bytesOf(token));
    return bytes;
  }

  private int[] byteIds() {
    int[] byteIds = new int[256];
    for (int b = 0; b < 256; b++) {
      byteIds[b] = ids.getOrDefault(String.valueOf(ByteAlphabet.character(b)), -1);
    }
    return byteIds;
  }

  /**
   * What bytes without an id become: with {@code byte_fallback} the {@code <0x..>} tokens of their
   * character's UTF-8, if they are all there; otherwise nothing, as in the library.
   */
  private int[][] fallbacks(int[] byteIds) throws UnsupportedTokenizerException {
    boolean byteFallback = json.model("byte_fallback").asBoolean();
    int[][] fallbacks = new int[256][];
    boolean needed = false;
    for (int b = 0; b < 256; b++) {
      boolean occurs = b != 0xC0 && b != 0xC1 && b < 0xF5;
      if (byteIds[b] >= 0 || !occurs) {
        continue;
      }
      needed = true;
      fallbacks[b] = byteFallback ? fallback(ByteAlphabet.character(b)) : new int[0];
      if (fallbacks[b].length == 0
          && !json.model("unk_token").isNull()
          && !json.model("unk_token").isMissingNode()) {
        throw new UnsupportedTokenizerException(
            "byte %d has no token and unk_token is set".formatted(b));
      }
    }
    return needed ? fallbacks : null;
  }

  private int[] fallback(char character) {
    byte[] utf8 = String.valueOf(character).getBytes(StandardCharsets.UTF_8);
    int[] fallback = new int[utf8.length];
    for (int i = 0; i < utf8.length; i++) {
      Integer id = ids.get("<0x%02X>".formatted(utf8[i] & 0xFF));
      if (id == null) {
        return new int[0];
      }
      fallback[i] = id;
    }
    return fallback;
  }

  private MergeTable merges() throws UnsupportedTokenizerException {
    List<String> parts = json.merges();
    int count = parts.size() / 2;
    if (count > MergeTable.MAX_MERGES) {
      throw new UnsupportedTokenizerException("%d merges are above our tables".formatted(count));
    }
    MergeTable merges = new MergeTable(count);
    for (int rank = 0; rank < count; rank++) {
      String left = parts.get(2 * rank);
      String right = parts.get(2 * rank + 1);
      merges.put(rank, modelId(left, rank), modelId(right, rank), modelId(left + right, rank));
    }
    return merges;
  }

  private int modelId(String token, int rank) {
    Integer id = ids.get(token);
    if (id == null) {
      throw json.malformed(
          "merge %d needs the token \"%s\", which is not in the vocabulary".formatted(rank, token),
          null);
    }
    return id;
  }

  /** Reads the added tokens, giving ids to new contents as the library does. */
  private List<AddedToken> addedTokens() throws UnsupportedTokenizerException {
    List<AddedToken> added = new ArrayList<>();
    int nextId = ids.size();
    for (JsonNode token : json.at("added_tokens")) {
      String content = token.path("content").asText();
      if (content.isEmpty()) {
        continue;
      }
      Integer known = ids.get(content);
      int id = known == null ? nextId++ : known;
      if (id != token.path("id").asInt(-1)) {
        // The library numbers them itself and only warns; leave such a file to it.
        throw new UnsupportedTokenizerException(
            "added token %s has id %s but would get %d".formatted(content, token.path("id"), id));
      }
      ids.put(content, id);
      added.add(
          new AddedToken(
              id,
              content,
              token.path("single_word").asBoolean(),
              token.path("lstrip").asBoolean(),
              token.path("rstrip").asBoolean(),
              token.path("normalized").asBoolean(!token.path("special").asBoolean()),
              token.path("special").asBoolean()));
    }
    return added;
  }

  private static Optional<AddedTokenFinder> finder(List<AddedToken> tokens, boolean compose) {
    if (tokens.isEmpty()) {
      return Optional.empty();
    }
    List<String> patterns =
        tokens.stream()
            .map(token -> compose ? composed(token.content()) : token.content())
            .toList();
    return Optional.of(new AddedTokenFinder(tokens, patterns));
  }

  private static String composed(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    Nfc nfc = new Nfc();
    int doubt = nfc.firstDoubt(utf8, 0, utf8.length);
    if (doubt < 0) {
      return text;
    }
    Utf8Buffer out = new Utf8Buffer();
    nfc.normalise(utf8, 0, utf8.length, doubt, out);
    return new String(out.bytes(), 0, out.size(), StandardCharsets.UTF_8);
  }
}
