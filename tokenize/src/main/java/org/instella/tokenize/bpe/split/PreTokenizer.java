package org.instella.tokenize.bpe.split;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.instella.tokenize.bpe.unicode.CodePoints;

/**
 * The pre-tokenizer of a tokenizer file: a scanner where we have one for its pattern, otherwise the
 * chain of general steps. Immutable.
 */
public final class PreTokenizer {
  /** Patterns as files write them; all spellings on one scanner have the same matches. */
  private static final Map<String, Splitter> KNOWN =
      Map.of(
          Gpt2Splitter.PATTERN,
          new Gpt2Splitter(),
          Cl100kSplitter.pattern("\\p{N}{1,3}"),
          new Cl100kSplitter(3),
          Cl100kSplitter.pattern("\\p{N}"),
          new Cl100kSplitter(1),
          // tiktoken's own spelling of cl100k: possessive, and one line end where a run ends
          // anyway.
          "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}{1,3}|"
              + " ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+",
          new Cl100kSplitter(3));

  private final Optional<Splitter> scanner;
  private final boolean addPrefixSpace;
  private final List<SplitStep> chain;

  private PreTokenizer(Optional<Splitter> scanner, boolean addPrefixSpace, List<SplitStep> chain) {
    this.scanner = scanner;
    this.addPrefixSpace = addPrefixSpace;
    this.chain = chain;
  }

  /**
   * Reads the {@code pre_tokenizer} of a file.
   *
   * @throws UnsupportedPatternException if a step is not one of ours, or none is byte-level
   */
  public static PreTokenizer of(JsonNode json) throws UnsupportedPatternException {
    List<JsonNode> steps = new ArrayList<>();
    flatten(json, steps);
    Optional<Splitter> scanner = scannerOf(steps);
    if (scanner.isPresent()) {
      boolean prefix = steps.get(steps.size() - 1).path("add_prefix_space").asBoolean(true);
      return new PreTokenizer(scanner, prefix, List.of());
    }
    return new PreTokenizer(Optional.empty(), false, chain(steps));
  }

  /** The same steps without a scanner: what the scanners are tested against. */
  static PreTokenizer general(JsonNode json) throws UnsupportedPatternException {
    List<JsonNode> steps = new ArrayList<>();
    flatten(json, steps);
    return new PreTokenizer(Optional.empty(), false, chain(steps));
  }

  private static List<SplitStep> chain(List<JsonNode> steps) throws UnsupportedPatternException {
    List<SplitStep> chain = new ArrayList<>();
    int byteLevels = 0;
    for (JsonNode json : steps) {
      SplitStep step = step(json);
      byteLevels += step instanceof SplitStep.ByteLevel ? 1 : 0;
      chain.add(step);
    }
    if (byteLevels != 1) {
      throw new UnsupportedPatternException(
          "pre_tokenizer has %d ByteLevel steps, 1 is what we read".formatted(byteLevels));
    }
    return chain;
  }

  /** The scanner for a pattern, if it is a known one. */
  static Optional<Splitter> scanner(String pattern) {
    return Optional.ofNullable(KNOWN.get(pattern));
  }

  /** The scanner that does it all; empty when the steps have to be taken one by one. */
  public Optional<Splitter> scanner() {
    return scanner;
  }

  /** Whether a piece that does not begin with a space gets one; only with a scanner. */
  public boolean addPrefixSpace() {
    return addPrefixSpace;
  }

  /** The pre-tokens of one piece of text, in the characters of {@link ByteAlphabet}. */
  public List<String> split(String piece) {
    List<String> pieces = List.of(piece);
    for (SplitStep step : chain) {
      List<String> cut = new ArrayList<>();
      for (String one : pieces) {
        if (!one.isEmpty()) {
          step.split(one, cut);
        }
      }
      pieces = cut;
    }
    return pieces;
  }

  private static void flatten(JsonNode json, List<JsonNode> steps)
      throws UnsupportedPatternException {
    if (json == null || json.isNull()) {
      throw new UnsupportedPatternException("no pre_tokenizer: not byte-level");
    }
    if (json.path("type").asText().equals("Sequence")) {
      for (JsonNode step : json.path("pretokenizers")) {
        flatten(step, steps);
      }
    } else {
      steps.add(json);
    }
  }

  private static Optional<Splitter> scannerOf(List<JsonNode> steps) {
    JsonNode last = steps.get(steps.size() - 1);
    if (!last.path("type").asText().equals("ByteLevel")) {
      return Optional.empty();
    }
    boolean useRegex = last.path("use_regex").asBoolean(true);
    if (steps.size() == 1) {
      return Optional.of(useRegex ? KNOWN.get(Gpt2Splitter.PATTERN) : (text, from, to) -> to);
    }
    boolean prefix = last.path("add_prefix_space").asBoolean(true);
    if (steps.size() != 2 || useRegex || prefix || !isSplit(steps.get(0))) {
      return Optional.empty();
    }
    // The known patterns leave nothing between two matches: to isolate the matches and to remove
    // what is none come to the same.
    String behaviour = steps.get(0).path("behavior").asText();
    boolean invert = steps.get(0).path("invert").asBoolean();
    if (!behaviour.equals("Isolated") && !(behaviour.equals("Removed") && invert)) {
      return Optional.empty();
    }
    return scanner(steps.get(0).path("pattern").path("Regex").asText());
  }

  private static boolean isSplit(JsonNode step) {
    return step.path("type").asText().equals("Split");
  }

  private static SplitStep step(JsonNode json) throws UnsupportedPatternException {
    String type = json.path("type").asText();
    return switch (type) {
      case "Split" ->
          new SplitStep.Expression(
              pattern(json.path("pattern")), behaviour(json), json.path("invert").asBoolean());
      case "ByteLevel" ->
          new SplitStep.ByteLevel(
              json.path("add_prefix_space").asBoolean(true),
              json.path("use_regex").asBoolean(true) ? gpt2() : null);
      case "Punctuation" ->
          new SplitStep.Characters(
              CodePoints::isPunctuation,
              json.has("behavior") ? behaviour(json) : SplitBehaviour.ISOLATED);
      case "Digits" ->
          new SplitStep.Characters(
              CodePoints::isNumeric,
              json.path("individual_digits").asBoolean()
                  ? SplitBehaviour.ISOLATED
                  : SplitBehaviour.CONTIGUOUS);
      default ->
          throw new UnsupportedPatternException(
              "pre_tokenizer %s is not one of Split, ByteLevel, Punctuation, Digits"
                  .formatted(type));
    };
  }

  private static SplitStep.Expression gpt2() throws UnsupportedPatternException {
    return new SplitStep.Expression(
        PatternTranslator.compile(Gpt2Splitter.PATTERN), SplitBehaviour.ISOLATED, false);
  }

  private static Pattern pattern(JsonNode json) throws UnsupportedPatternException {
    if (json.has("String")) {
      return Pattern.compile(Pattern.quote(json.get("String").asText()));
    }
    return PatternTranslator.compile(json.path("Regex").asText());
  }

  private static SplitBehaviour behaviour(JsonNode json) throws UnsupportedPatternException {
    String name = json.path("behavior").asText();
    return SplitBehaviour.named(name)
        .orElseThrow(
            () -> new UnsupportedPatternException("behavior %s is unknown".formatted(name)));
  }
}
