package org.instella.tokenize.bpe.train;

import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.PriorityQueue;

/**
 * How often every pair of neighbouring tokens stands in the corpus, in which words, and which pair
 * is the most frequent.
 *
 * <p>The queue is lazy: a pair whose count fell since it was queued is put back with its new count
 * when it comes up, one whose count rose is queued again at once.
 */
final class PairCounts {
  /** One pair: its tokens, its count, the words that held it at some time. */
  static final class Pair {
    final int left;
    final int right;
    private long count;
    private int[] words = new int[4];
    private int wordCount;

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
  }

  private record Queued(Pair pair, long count) {}

  private final Map<Long, Pair> pairs = new HashMap<>();

  /** The larger count first; of equal ones the pair of the lower ids. */
  private final PriorityQueue<Queued> queue =
      new PriorityQueue<>(
          Comparator.comparingLong(Queued::count)
              .reversed()
              .thenComparingInt(queued -> queued.pair().left)
              .thenComparingInt(queued -> queued.pair().right));

  /** Adds {@code change} to the count of a pair that {@code word} holds, or held. */
  void change(int left, int right, long change, int word) {
    Pair pair = pairs.computeIfAbsent((long) left << 32 | right, key -> new Pair(left, right));
    pair.count += change;
    if (change > 0) {
      // Neighbouring additions come from the same word: one note of it is enough.
      if (pair.wordCount == 0 || pair.words[pair.wordCount - 1] != word) {
        if (pair.wordCount == pair.words.length) {
          pair.words = Arrays.copyOf(pair.words, 2 * pair.wordCount);
        }
        pair.words[pair.wordCount++] = word;
      }
    }
  }

  /** Puts a pair into the queue with its present count. */
  void enqueue(int left, int right) {
    Pair pair = pairs.get((long) left << 32 | right);
    if (pair.count > 0) {
      queue.add(new Queued(pair, pair.count));
    }
  }

  /** Queues all pairs. */
  void enqueueAll() {
    pairs.values().forEach(pair -> enqueue(pair.left, pair.right));
  }

  /** Takes out the most frequent pair, or null when none is left. */
  Pair takeMostFrequent() {
    while (!queue.isEmpty()) {
      Queued top = queue.remove();
      Pair pair = top.pair();
      if (top.count() == pair.count) {
        pairs.remove((long) pair.left << 32 | pair.right);
        return pair;
      }
      if (pair.count > 0 && pairs.get((long) pair.left << 32 | pair.right) == pair) {
        queue.add(new Queued(pair, pair.count));
      }
    }
    return null;
  }
}
