package org.instella.tokenize.bpe.train;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.error.DataException;
import org.instella.tokenize.bpe.ReferenceTokenizers;
import org.instella.tokenize.bpe.Tokenizer;
import org.instella.tokenize.bpe.Tokenizers;
import org.instella.tokenize.bpe.train.BpeVocabulary.Merge;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class BpeTrainerTest {

  @Test
  void mergesTheMostFrequentPairAndOfEqualOnesThatOfTheLowerIds() {
    BpeVocabulary vocabulary =
        new BpeTrainer(258 + 4).train(Map.of("abab", 3L, "bc", 4L, "xy", 4L, "zz", 1L));
    // ab 6; then bc and xy 4 each: b is below x; then abab, whose count fell to 3.
    assertThat(vocabulary.merges())
        .containsExactly(
            new Merge("a", "b"), new Merge("b", "c"), new Merge("x", "y"), new Merge("ab", "ab"));
    assertThat(vocabulary.tokens().subList(0, 4))
        .containsExactly("<|endoftext|>", "<|padding|>", "!", "\"");
    assertThat(vocabulary.tokens()).hasSize(262).endsWith("ab", "bc", "xy", "abab");
  }

  @Test
  void stopsWhereNoPairIsLeft() {
    assertThat(new BpeTrainer(1000).train(Map.of("aa", 2L, "b", 9L, "cd", 1L)).merges())
        .containsExactly(new Merge("a", "a"));
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void learnsWhatCountingEverythingAgainLearns(long seed) {
    Random random = new Random(seed);
    Map<String, Long> counts = new HashMap<>();
    for (int i = 0; i < 1 + random.nextInt(30); i++) {
      StringBuilder word = new StringBuilder();
      for (int k = random.nextInt(9); k >= 0; k--) {
        word.append((char) ('a' + random.nextInt(3)));
      }
      counts.put(word.toString(), 1L + random.nextInt(5));
    }
    List<Merge> merges = new BpeTrainer(258 + 25, BpeTrainer.SPECIALS, 1).train(counts).merges();
    assertThat(merges).isEqualTo(slowly(counts, 25));
  }

  static LongStream seeds() {
    return LongStream.range(0, 200);
  }

  @Test
  void theOrderOfTheCountsDoesNotMatter() {
    Map<String, Long> counts = counts(300);
    List<String> words = new ArrayList<>(counts.keySet());
    Collections.shuffle(words, new Random(5));
    Map<String, Long> shuffled = new LinkedHashMap<>();
    words.forEach(word -> shuffled.put(word, counts.get(word)));
    assertThat(new BpeTrainer(700).train(shuffled).toTokenizerJson())
        .isEqualTo(new BpeTrainer(700).train(counts).toTokenizerJson());
  }

  @Test
  void writesAFileThatBothImplementationsReadAlike() {
    byte[] json = new BpeTrainer(900).train(counts(500)).toTokenizerJson();
    try (Tokenizer ours = Tokenizers.parse(json, "trained");
        Tokenizer reference = ReferenceTokenizers.parse(json)) {
      assertThat(ours.vocabularySize()).isEqualTo(reference.vocabularySize()).isLessThan(901);
      assertThat(ours.idOf("<|endoftext|>")).hasValue(0);
      assertThat(ours.idOf("<|padding|>")).hasValue(1);
      for (String text :
          List.of("the quick brown fox", "  it's 42\n", "naïve 日本語 e\u0301", "<|endoftext|>a")) {
        assertThat(ours.encode(text)).as(text).containsExactly(reference.encode(text));
        assertThat(ours.decode(ours.encode(text)))
            .isEqualTo(Normalizer.normalize(text, Normalizer.Form.NFC));
      }
    }
  }

  @Test
  void countsPreTokensOfNormalisedText() {
    PreTokenCounter counter = new PreTokenCounter();
    counter.add("It's  e\u0301t\u00e9, it's 12\n");
    counter.addAll(Map.of("'s", 5L));
    assertThat(new TreeMap<>(counter.counts()))
        .isEqualTo(
            new TreeMap<>(
                Map.of(
                    "It",
                    1L,
                    "'s",
                    7L,
                    " ",
                    1L,
                    " \u00e9t\u00e9",
                    1L,
                    ",",
                    1L,
                    " it",
                    1L,
                    " 12",
                    1L,
                    "\n",
                    1L)));
  }

  @Test
  void refusesASizeThatDoesNotHoldTheBytesAndAnEmptyCorpus() {
    assertThatThrownBy(() -> new BpeTrainer(257))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("vocabulary-size is 257; 2 special tokens and 256 bytes need at least 258");
    assertThatThrownBy(() -> new BpeTrainer(300).train(Map.of()))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("every document is empty");
  }

  private static Map<String, Long> counts(int documents) {
    String[] words = {"the", "quick", "brown", "fox", "naïve", "日本", "over", "it's", "42", "if ("};
    Random random = new Random(9);
    PreTokenCounter counter = new PreTokenCounter();
    for (int i = 0; i < documents; i++) {
      StringBuilder text = new StringBuilder();
      for (int k = 0; k < 30; k++) {
        text.append(words[random.nextInt(words.length)])
            .append((char) ('a' + random.nextInt(26)))
            .append(random.nextInt(4) == 0 ? "\n" : " ");
      }
      counter.add(text.toString());
    }
    return counter.counts();
  }

  /** The definition: count all pairs of all words anew before every merge. */
  private static List<Merge> slowly(Map<String, Long> counts, int size) {
    Map<List<String>, Long> words = new HashMap<>();
    counts.forEach((word, count) -> words.put(List.of(word.split("")), count));
    List<Merge> merges = new ArrayList<>();
    List<String> order = new ArrayList<>(List.of("a", "b", "c"));
    while (order.size() < 3 + size) {
      Map<Merge, Long> pairs = new HashMap<>();
      words.forEach(
          (word, count) -> {
            for (int i = 0; i + 1 < word.size(); i++) {
              pairs.merge(new Merge(word.get(i), word.get(i + 1)), count, Long::sum);
            }
          });
      Merge best = null;
      for (Merge pair : pairs.keySet()) {
        if (best == null || before(pair, best, pairs, order)) {
          best = pair;
        }
      }
      if (best == null) {
        break;
      }
      merges.add(best);
      String joined = best.left() + best.right();
      if (!order.contains(joined)) {
        order.add(joined);
      }
      Map<List<String>, Long> next = new HashMap<>();
      for (Map.Entry<List<String>, Long> entry : words.entrySet()) {
        next.merge(merged(entry.getKey(), best), entry.getValue(), Long::sum);
      }
      words.clear();
      words.putAll(next);
    }
    return merges;
  }

  private static boolean before(
      Merge one, Merge other, Map<Merge, Long> pairs, List<String> order) {
    if (!pairs.get(one).equals(pairs.get(other))) {
      return pairs.get(one) > pairs.get(other);
    }
    int left = Integer.compare(order.indexOf(one.left()), order.indexOf(other.left()));
    return left != 0 ? left < 0 : order.indexOf(one.right()) < order.indexOf(other.right());
  }

  private static List<String> merged(List<String> word, Merge pair) {
    List<String> result = new ArrayList<>();
    for (int i = 0; i < word.size(); i++) {
      boolean here =
          i + 1 < word.size()
              && word.get(i).equals(pair.left())
              && word.get(i + 1).equals(pair.right());
      result.add(here ? pair.left() + pair.right() : word.get(i));
      i += here ? 1 : 0;
    }
    return result;
  }

  @Test
  void theFileIsUtf8() {
    byte[] json = new BpeTrainer(300).train(Map.of("é", 3L)).toTokenizerJson();
    assertThat(new String(json, UTF_8)).contains("\"Ã ©\"").endsWith("}\n");
  }
}
