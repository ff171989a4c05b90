package org.instella.tokenize.bpe.train;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.error.DataException;
import org.instella.tokenize.bpe.split.ByteAlphabet;
import org.instella.tokenize.bpe.train.BpeVocabulary.Merge;
import org.instella.tokenize.bpe.train.PairCounts.Pair;

/**
 * Learns a byte-level BPE vocabulary from counted pre-tokens: again and again the most frequent
 * pair of neighbouring tokens becomes a token (Sennrich et al. 2016, arXiv:1508.07909).
 *
 * <p>Of pairs of equal count the one of the lower ids goes first, the left id before the right; ids
 * run over the special tokens, the 256 bytes in the order of GPT-2's alphabet, and the merges. That
 * is the order of the Hugging Face trainer, so that both learn the same merges from the same
 * counts. The result depends on the counts alone, not on the order they come in.
 *
 * @param vocabularySize ids in all: specials, bytes and merges
 * @param specials special tokens, ids 0 and on
 * @param minFrequency a pair that stands in the corpus less often is not merged
 */
public record BpeTrainer(int vocabularySize, List<String> specials, long minFrequency) {
  /** The special tokens of the Instella tokenizer. */
  public static final List<String> SPECIALS = List.of("<|endoftext|>", "<|padding|>");

  private static final int BYTES = 256;

  /**
   * A trainer.
   *
   * @throws ConfigurationException if the size does not hold the specials and all bytes
   */
  public BpeTrainer {
    specials = List.copyOf(specials);
    int least = specials.size() + BYTES;
    if (vocabularySize < least) {
      throw new ConfigurationException(
          TrainingError.VOCABULARY_TOO_SMALL,
          "vocabulary-size is %d; %d special tokens and 256 bytes need at least %d"
              .formatted(vocabularySize, specials.size(), least));
    }
  }

  /** A trainer with Instella's special tokens that merges whatever stands there twice. */
  public BpeTrainer(int vocabularySize) {
    this(vocabularySize, SPECIALS, 2);
  }

  /**
   * Learns a vocabulary; smaller than asked for where the text has no more pairs.
   *
   * @param counts pre-tokens as {@link PreTokenCounter} cuts them, and how often each was met
   * @throws DataException if there is no pre-token
   */
  public BpeVocabulary train(Map<String, Long> counts) {
    if (counts.isEmpty()) {
      throw new DataException(
          TrainingError.NO_TEXT,
          "There is no text to train a tokenizer on: every document is empty");
    }
    return new Run(counts).train();
  }

  /** The state of one training. */
  private final class Run {
    private final List<String> tokens = new ArrayList<>(specials);
    private final Map<String, Integer> ids = new HashMap<>();
    private final List<Merge> merges = new ArrayList<>();
    private final PairCounts pairs = new PairCounts();
    private final int[][] words;
    private final long[] wordCounts;

    Run(Map<String, Long> counts) {
      int[] idOfByte = new int[BYTES];
      IntStream.range(0, BYTES)
          .boxed()
          .sorted((a, b) -> Character.compare(ByteAlphabet.character(a), ByteAlphabet.character(b)))
          .forEach(
              value -> {
                idOfByte[value] = tokens.size();
                tokens.add(String.valueOf(ByteAlphabet.character(value)));
              });
      for (int id = 0; id < tokens.size(); id++) {
        ids.put(tokens.get(id), id);
      }
      // Sorted, so that which word has which number does not depend on a hash map's mood.
      List<String> sorted = counts.keySet().stream().sorted().toList();
      words = new int[sorted.size()][];
      wordCounts = new long[sorted.size()];
      for (int word = 0; word < words.length; word++) {
        byte[] bytes = sorted.get(word).getBytes(UTF_8);
        words[word] =
            IntStream.range(0, bytes.length).map(i -> idOfByte[bytes[i] & 0xFF]).toArray();
        wordCounts[word] = counts.get(sorted.get(word));
        count(word);
      }
      pairs.enqueueRisen();
    }

    BpeVocabulary train() {
      while (tokens.size() < vocabularySize) {
        Pair pair = pairs.takeMostFrequent();
        if (pair == null || pair.count() < Math.max(1, minFrequency)) {
          break;
        }
        merge(pair);
      }
      return new BpeVocabulary(specials, tokens, merges);
    }

    private void merge(Pair pair) {
      String joined = tokens.get(pair.left) + tokens.get(pair.right);
      // Two ways of cutting the same letters give the same token.
      Integer known = ids.get(joined);
      int id = known == null ? tokens.size() : known;
      if (known == null) {
        tokens.add(joined);
        ids.put(joined, id);
      }
      merges.add(new Merge(tokens.get(pair.left), tokens.get(pair.right)));
      for (int word : pair.words()) {
        words[word] = merged(word, pair, id);
      }
      pairs.forget(pair);
      pairs.enqueueRisen();
    }

    private void count(int word) {
      int[] symbols = words[word];
      for (int i = 0; i + 1 < symbols.length; i++) {
        pairs.change(symbols[i], symbols[i + 1], wordCounts[word], word);
      }
    }

    /** Replaces the pair from left to right and counts the neighbours that came and went. */
    private int[] merged(int word, Pair pair, int id) {
      int[] symbols = words[word];
      long count = wordCounts[word];
      int[] result = null;
      int size = 0;
      int i = 0;
      while (i < symbols.length) {
        if (!isAt(symbols, i, pair)) {
          if (result != null) {
            result[size] = symbols[i];
          }
          size++;
          i++;
          continue;
        }
        if (result == null) {
          result = Arrays.copyOf(symbols, symbols.length);
        }
        if (size > 0) {
          change(symbols[i - 1], pair.left, -count, word, pair);
          change(result[size - 1], id, count, word, pair);
        }
        result[size++] = id;
        i += 2;
        if (i < symbols.length && !isAt(symbols, i, pair)) {
          change(pair.right, symbols[i], -count, word, pair);
          change(id, symbols[i], count, word, pair);
        }
      }
      return result == null ? symbols : Arrays.copyOf(result, size);
    }

    /** The merged pair itself vanishes as a whole, and is not counted down. */
    private void change(int left, int right, long change, int word, Pair merging) {
      if (left != merging.left || right != merging.right) {
        pairs.change(left, right, change, word);
      }
    }

    private boolean isAt(int[] symbols, int i, Pair pair) {
      return i + 1 < symbols.length && symbols[i] == pair.left && symbols[i + 1] == pair.right;
    }
  }
}
