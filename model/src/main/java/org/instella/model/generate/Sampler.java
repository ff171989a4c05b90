package org.instella.model.generate;

import java.util.Arrays;

/**
 * Chooses the next token from logits: greedy, or drawn after temperature, top-k and top-p (Holtzman
 * et al. 2020, arXiv:1904.09751), in this order.
 *
 * <p>Pure Java and exact: the same logits, settings and position give the same token on every
 * machine. Ties go to the lower id.
 */
public final class Sampler {
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private final GenerationSettings settings;

  public Sampler(GenerationSettings settings) {
    this.settings = settings;
  }

  /**
   * The token for one place.
   *
   * @param logits one per token of the vocabulary; not changed
   * @param position number of the generated token, from 0: the draw is a function of it
   * @throws IllegalArgumentException if a logit is not a number
   */
  public int next(double[] logits, long position) {
    int best = argmax(logits);
    if (settings.temperature() == 0) {
      return best;
    }
    double[] weights = new double[logits.length];
    for (int id = 0; id < logits.length; id++) {
      weights[id] = StrictMath.exp((logits[id] - logits[best]) / settings.temperature());
    }
    int[] candidates = candidates(weights);
    double total = 0;
    for (int id : candidates) {
      total += weights[id];
    }
    double left = uniform(settings.seed(), position) * total;
    for (int id : candidates) {
      left -= weights[id];
      if (left < 0) {
        return id;
      }
    }
    return candidates[candidates.length - 1]; // rounding only
  }

  /** Ids that may be drawn, likeliest first. */
  private int[] candidates(double[] weights) {
    Integer[] order = new Integer[weights.length];
    Arrays.setAll(order, id -> id);
    // A stable sort: equal weights keep the order of their ids.
    Arrays.sort(order, (a, b) -> Double.compare(weights[b], weights[a]));
    int count = settings.topK() == 0 ? order.length : Math.min(settings.topK(), order.length);
    if (settings.topP() < 1) {
      double total = 0;
      for (int i = 0; i < count; i++) {
        total += weights[order[i]];
      }
      double reached = 0;
      for (int i = 0; i < count; i++) {
        reached += weights[order[i]];
        if (reached >= settings.topP() * total) {
          count = i + 1;
        }
      }
    }
    return Arrays.stream(order, 0, count).mapToInt(Integer::intValue).toArray();
  }

  private static int argmax(double[] logits) {
    int best = 0;
    for (int id = 0; id < logits.length; id++) {
      if (Double.isNaN(logits[id])) {
        throw new IllegalArgumentException(
            "the logit of token %d is not a number: the weights are damaged".formatted(id));
      }
      best = logits[id] > logits[best] ? id : best;
    }
    return best;
  }

  /** In [0, 1), a function of its arguments alone. */
  private static double uniform(long seed, long position) {
    long bits = mix(mix(seed + GOLDEN) + (position + 1) * GOLDEN);
    return (bits >>> 11) * 0x1.0p-53;
  }

  private static long mix(long bits) {
    bits = (bits ^ (bits >>> 30)) * 0xBF58476D1CE4E5B9L;
    bits = (bits ^ (bits >>> 27)) * 0x94D049BB133111EBL;
    return bits ^ (bits >>> 31);
  }
}
