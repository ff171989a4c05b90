package org.instella.tokenize.bpe.train;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.HashMap;
import java.util.Map;
import org.instella.tokenize.bpe.split.PreTokenizer;
import org.instella.tokenize.bpe.split.Splitter;
import org.instella.tokenize.bpe.split.UnsupportedPatternException;
import org.instella.tokenize.bpe.unicode.Nfc;
import org.instella.tokenize.bpe.unicode.Utf16Reader;
import org.instella.tokenize.bpe.unicode.Utf8Buffer;

/**
 * Counts pre-tokens: normal form C, then GPT-2's split, exactly as the trained tokenizer will cut
 * text before it merges.
 *
 * <p>Belongs to one thread. Counts of several counters are added up with {@link #addAll}; addition
 * does not care for order, so any number of tasks gives the same sums.
 */
public final class PreTokenCounter {
  /** The pre-tokenizer of the trained file. */
  static final String PRE_TOKENIZER =
      """
      {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}""";

  private final Splitter splitter = gpt2();
  private final Nfc nfc = new Nfc();
  private final Utf16Reader strings = new Utf16Reader();
  private final Utf8Buffer text = new Utf8Buffer();
  private final Utf8Buffer composed = new Utf8Buffer();
  private final Map<String, Long> counts = new HashMap<>();

  /** Counts the pre-tokens of one document. */
  public void add(String document) {
    strings.read(document, text);
    Utf8Buffer utf8 = text;
    int doubt = nfc.firstDoubt(text.bytes(), 0, text.size());
    if (doubt >= 0) {
      composed.clear();
      nfc.normalise(text.bytes(), 0, text.size(), doubt, composed);
      utf8 = composed;
    }
    byte[] bytes = utf8.bytes();
    for (int start = 0; start < utf8.size(); ) {
      int end = splitter.next(bytes, start, utf8.size());
      counts.merge(new String(bytes, start, end - start, UTF_8), 1L, Long::sum);
      start = end;
    }
  }

  /** Adds what another counter has counted. */
  public void addAll(Map<String, Long> others) {
    others.forEach((word, count) -> counts.merge(word, count, Long::sum));
  }

  /** Every pre-token met and how often; a view that goes on growing. */
  public Map<String, Long> counts() {
    return counts;
  }

  private static Splitter gpt2() {
    try {
      return PreTokenizer.of(new ObjectMapper().readTree(PRE_TOKENIZER))
          .scanner()
          .orElseThrow(() -> new IllegalStateException("GPT-2's split has no scanner"));
    } catch (JsonProcessingException | UnsupportedPatternException e) {
      throw new IllegalStateException("GPT-2's split is known", e);
    }
  }
}
