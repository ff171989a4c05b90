package org.instella.model.transformer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.instella.model.torch.Tensor;
import org.instella.model.torch.TensorScope;

/**
 * Log-probabilities that do not depend on what else is scored.
 *
 * <p>Why the bits are equal: a product of matrices may round differently when it has another number
 * of rows, so the rows of one sequence are never joined with those of another, and a sequence is
 * cut into pieces at absolute positions. The shape of every operation is then a function of the
 * request alone, and a cached piece holds what a fresh run would compute.
 */
final class Scorer implements AutoCloseable {
  private final Decoder decoder;

  /** Keys and values of the last context; null before the first. */
  private KvCache cache;

  /** Tokens of whole pieces in {@link #cache}, from position 0. */
  private int[] cached = new int[0];

  Scorer(Decoder decoder) {
    this.decoder = decoder;
  }

  List<Score> score(int[] context, List<int[]> continuations) {
    if (context.length == 0) {
      throw new IllegalArgumentException("the context must have at least one token");
    }
    int longest = 0;
    for (int[] continuation : continuations) {
      if (continuation.length == 0) {
        throw new IllegalArgumentException("a continuation must have at least one token");
      }
      longest = Math.max(longest, continuation.length);
    }
    // The last token of a continuation is predicted but never run.
    decoder.requirePositions(context.length + longest - 1);
    try (TensorScope scratch = decoder.scratch()) {
      reserve(context.length + longest - 1);
      // At least the last token runs again: its hidden state is not cached.
      int kept = reusable(context, context.length - 1);
      cache.rewind(kept);
      cached = new int[0];
      Tensor last =
          cache.extendInChunks(Arrays.copyOfRange(context, kept, context.length), scratch);
      List<Score> scores = new ArrayList<>();
      for (int[] continuation : continuations) {
        cache.rewind(context.length);
        scores.add(score(last, continuation));
      }
      int chunk = decoder.settings().prefillChunk();
      cached = Arrays.copyOf(context, context.length / chunk * chunk);
      return scores;
    }
  }

  private Score score(Tensor last, int[] continuation) {
    decoder.requireTokens(continuation, 0);
    int n = continuation.length;
    List<Double> logProbabilities = new ArrayList<>();
    boolean greedy = logProbabilities(last, continuation, 0, 1, logProbabilities);
    if (n > 1) {
      try (TensorScope scratch = decoder.scratch()) {
        Tensor hidden = cache.extend(Arrays.copyOf(continuation, n - 1), scratch);
        greedy &= logProbabilities(hidden, continuation, 1, n, logProbabilities);
      }
    }
    double sum = logProbabilities.stream().mapToDouble(Double::doubleValue).sum();
    return new Score(sum, greedy, logProbabilities);
  }

  /** Appends the log-probabilities of tokens [from, to); true if each was the likeliest. */
  private boolean logProbabilities(
      Tensor hidden, int[] tokens, int from, int to, List<Double> appended) {
    try (TensorScope scratch = decoder.scratch()) {
      Tensor targets = scratch.ofInts(Arrays.copyOfRange(tokens, from, to), to - from);
      List<Tensor> found =
          decoder.program().call("log_probabilities", scratch, decoder.weights(), hidden, targets);
      for (double value : found.get(0).toDoubles()) {
        appended.add(value);
      }
      return Arrays.stream(found.get(1).toLongs()).allMatch(likeliest -> likeliest == 1);
    }
  }

  double[] rolling(int[] tokens, int from) {
    if (from < 1 || from >= tokens.length) {
      throw new IllegalArgumentException(
          "from must be in [1, %d), but is %d".formatted(tokens.length, from));
    }
    decoder.requireTokens(tokens, 0);
    decoder.requirePositions(tokens.length - 1);
    reserve(tokens.length - 1);
    forget();
    int chunk = decoder.settings().prefillChunk();
    List<Double> values = new ArrayList<>();
    for (int at = 0; at < tokens.length - 1; at += chunk) {
      int end = Math.min(tokens.length - 1, at + chunk);
      try (TensorScope scratch = decoder.scratch()) {
        Tensor hidden = cache.extend(Arrays.copyOfRange(tokens, at, end), scratch);
        logProbabilities(hidden, tokens, at + 1, end + 1, values);
      }
    }
    return values.stream().skip(from - 1L).mapToDouble(Double::doubleValue).toArray();
  }

  private void reserve(int tokens) {
    if (cache == null || cache.capacity() < tokens) {
      int capacity = cache == null ? tokens : Math.max(tokens, 2 * cache.capacity());
      close();
      cache = decoder.newCache(Math.min(capacity, decoder.config().maxPositions()));
    }
  }

  /** Length of the whole pieces at the start of {@code context} that are in the cache. */
  private int reusable(int[] context, int most) {
    int equal = Arrays.mismatch(context, cached);
    int common = Math.min(equal < 0 ? context.length : equal, most);
    int chunk = decoder.settings().prefillChunk();
    return common / chunk * chunk;
  }

  void forget() {
    cached = new int[0];
    if (cache != null) {
      cache.rewind(0);
    }
  }

  @Override
  public void close() {
    cached = new int[0];
    if (cache != null) {
      cache.close();
      cache = null;
    }
  }
}
