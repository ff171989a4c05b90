package org.instella.tokenize.bpe.merge;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;
import org.instella.tokenize.bpe.TokenBuffer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Against the definition: look at all pairs, merge the leftmost of the least rank, again. */
class WordMergerTest {

  static LongStream seeds() {
    return LongStream.range(0, 40);
  }

  /** A vocabulary of random merges over a small alphabet, and words over it. */
  private static final class RandomVocabulary {
    final List<byte[]> tokens = new ArrayList<>();
    final Map<Long, Integer> ranks = new HashMap<>();
    final List<Integer> results = new ArrayList<>();
    final MergeTable table;
    final boolean shuffled;

    RandomVocabulary(Random random, boolean shuffled) {
      this.shuffled = shuffled;
      int letters = 2 + random.nextInt(4);
      Map<String, Integer> ids = new HashMap<>();
      for (int b = 0; b < 256; b++) {
        ids.put(String.valueOf((char) b), b);
        tokens.add(new byte[] {(byte) b});
      }
      List<int[]> merges = new ArrayList<>();
      List<Integer> usable = new ArrayList<>();
      for (int letter = 0; letter < letters; letter++) {
        usable.add('a' + letter);
      }
      for (int i = 0; i < 60; i++) {
        int left = usable.get(random.nextInt(usable.size()));
        int right = usable.get(random.nextInt(usable.size()));
        String text = text(left) + text(right);
        if (text.length() > 12) {
          continue;
        }
        Integer id = ids.get(text);
        if (id == null) {
          id = tokens.size();
          ids.put(text, id);
          tokens.add(text.getBytes(ISO_8859_1));
          usable.add(id);
        } else if (!shuffled) {
          continue; // a second way to a token may break the order of ranks
        }
        merges.add(new int[] {left, right, id});
      }
      if (shuffled) {
        java.util.Collections.shuffle(merges, random);
      }
      table = new MergeTable(merges.size());
      for (int rank = 0; rank < merges.size(); rank++) {
        int[] merge = merges.get(rank);
        table.put(rank, merge[0], merge[1], merge[2]);
        ranks.put((long) merge[0] << 32 | merge[1], rank);
        results.add(merge[2]);
      }
      int[] byteIds = new int[256];
      for (int b = 0; b < 256; b++) {
        byteIds[b] = b;
      }
      table.complete(byteIds, tokens.toArray(byte[][]::new));
    }

    private String text(int id) {
      return new String(tokens.get(id), ISO_8859_1);
    }

    List<Integer> byDefinition(byte[] word) {
      List<Integer> symbols = new ArrayList<>();
      for (byte b : word) {
        symbols.add(b & 0xFF);
      }
      while (true) {
        int best = Integer.MAX_VALUE;
        int at = -1;
        for (int i = 0; i + 1 < symbols.size(); i++) {
          Integer rank = ranks.get((long) symbols.get(i) << 32 | symbols.get(i + 1));
          if (rank != null && rank < best) {
            best = rank;
            at = i;
          }
        }
        if (at < 0) {
          return symbols;
        }
        symbols.set(at, results.get(best));
        symbols.remove(at + 1);
      }
    }
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void mergesWordsOfAnyLengthAsDefined(long seed) {
    Random random = new Random(seed);
    for (boolean shuffled : new boolean[] {false, true}) {
      RandomVocabulary vocabulary = new RandomVocabulary(random, shuffled);
      if (!shuffled) {
        assertThat(vocabulary.table.growing()).isTrue();
      }
      WordMerger merger =
          new WordMerger(vocabulary.table, vocabulary.tokens.toArray(byte[][]::new), null);
      for (int length : new int[] {1, 2, 3, 7, 20, 47, 48, 49, 90, 256, 257, 300, 1_100}) {
        byte[] word = new byte[length];
        int period = 1 + random.nextInt(3 * length);
        for (int i = 0; i < length; i++) {
          word[i] = i < period ? (byte) ('a' + random.nextInt(5)) : word[i - period];
        }
        TokenBuffer out = new TokenBuffer();
        out.add(7); // what stands in the buffer before stays
        merger.merge(word, 0, length, out);
        List<Integer> ids = new ArrayList<>();
        for (int id : out.toArray()) {
          ids.add(id);
        }
        assertThat(ids.remove(0)).isEqualTo(7);
        assertThat(ids)
            .as("length %d, period %d, shuffled %s", length, period, shuffled)
            .isEqualTo(vocabulary.byDefinition(word));
      }
    }
  }
}
