package org.instella.tokenize.bpe.train;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/**
 * How often every pair of neighbouring tokens stands in the corpus, in which words, and which pair
 * is the most frequent.
 *
 * <p>The queue is lazy: a pair whose count fell since it was queued is put back with its new count
 * when it comes up, one whose count rose is queued again by {@link #enqueueRisen}.
 */
final class PairCounts {
  /** One pair: its tokens, its count, the words that held it at some time. */
  static final class Pair {
    final int left;
    final int right;
    private long count;
    private int[] words = new int[2];
    private int wordCount;
    private boolean risen;
    private boolean merged;

    Pair(int left, int right) {
      this.left = left;
      this.right = right;
    }

    long count() {
      return count;
    }

    /** Words that may hold the pair, in ascending order, each once. */
    int[] words() {
      return Arrays.stream(words, 0, wordCount).sorted().distinct().toArray();
    }

    private void addWord(int word) {
      // Neighbouring additions come from the same word: one note of it is enough.
      if (wordCount > 0 && words[wordCount - 1] == word) {
        return;
      }
      if (wordCount == words.length) {
        words = Arrays.copyOf(words, 2 * wordCount);
      }
      words[wordCount++] = word;
    }
  }

  private record Queued(Pair pair, long count) {}

  /** The larger count first; of equal ones the pair of the lower ids. */
  private final PriorityQueue<Queued> queue =
      new PriorityQueue<>(
          Comparator.comparingLong(Queued::count)
              .reversed()
              .thenComparingInt(queued -> queued.pair().left)
              .thenComparingInt(queued -> queued.pair().right));

  private final List<Pair> risen = new ArrayList<>();

  /** Open addressing by the two ids; a power of two long, at most half full. */
  private Pair[] table = new Pair[1 << 12];

  private int size;

  /** Adds {@code change} to the count of a pair that {@code word} holds, or held. */
  void change(int left, int right, long change, int word) {
    Pair pair = pair(left, right);
    pair.count += change;
    if (change > 0) {
      pair.addWord(word);
      if (!pair.risen) {
        pair.risen = true;
        risen.add(pair);
      }
    }
  }

  /** Queues the pairs whose count has risen since the last call. */
  void enqueueRisen() {
    for (Pair pair : risen) {
      pair.risen = false;
      if (pair.count > 0) {
        pair.merged = false;
        queue.add(new Queued(pair, pair.count));
      }
    }
    risen.clear();
  }

  /** Takes out the most frequent pair, or null when none is left. */
  Pair takeMostFrequent() {
    while (!queue.isEmpty()) {
      Queued top = queue.remove();
      Pair pair = top.pair();
      if (pair.merged || pair.count <= 0) {
        continue;
      }
      if (top.count() == pair.count) {
        pair.merged = true;
        return pair;
      }
      queue.add(new Queued(pair, pair.count));
    }
    return null;
  }

  /** A merged pair stands nowhere any more, and its list of words has served. */
  void forget(Pair pair) {
    pair.count = 0;
    pair.words = new int[2];
    pair.wordCount = 0;
  }

  private Pair pair(int left, int right) {
    int mask = table.length - 1;
    int at = slot(left, right) & mask;
    while (table[at] != null) {
      if (table[at].left == left && table[at].right == right) {
        return table[at];
      }
      at = (at + 1) & mask;
    }
    Pair added = new Pair(left, right);
    table[at] = added;
    if (++size > table.length / 2) {
      grow();
    }
    return added;
  }

  private void grow() {
    Pair[] old = table;
    table = new Pair[2 * old.length];
    for (Pair pair : old) {
      if (pair != null) {
        int at = slot(pair.left, pair.right) & (table.length - 1);
        while (table[at] != null) {
          at = (at + 1) & (table.length - 1);
        }
        table[at] = pair;
      }
    }
  }

  private static int slot(int left, int right) {
    long mixed = (((long) left << 32) | right) * 0x9E3779B97F4A7C15L;
    return (int) (mixed >>> 32);
  }
}
