package org.instella.model.generate;

import java.util.List;

/**
 * How tokens are chosen and when to stop.
 *
 * @param maxNewTokens most tokens to generate, at least 1
 * @param temperature 0 takes the likeliest token; above, logits are divided by it
 * @param topP in (0, 1]: draw among the fewest likeliest tokens whose probabilities reach it
 * @param topK draw among that many likeliest tokens; 0 for all
 * @param seed of the draws; the draw of token n is a function of (seed, n) and the logits alone
 * @param stopStrings texts that end the generation and are cut off
 * @param stopIds tokens that end the generation, normally the end-of-stream id
 */
public record GenerationSettings(
    int maxNewTokens,
    double temperature,
    double topP,
    int topK,
    long seed,
    List<String> stopStrings,
    List<Integer> stopIds) {

  public GenerationSettings {
    stopStrings = List.copyOf(stopStrings);
    stopIds = List.copyOf(stopIds);
    if (maxNewTokens < 1 || !(temperature >= 0) || !(topP > 0 && topP <= 1) || topK < 0) {
      throw new IllegalArgumentException(
          ("maxNewTokens %d must be at least 1, temperature %s at least 0, topP %s in (0, 1],"
                  + " topK %d at least 0")
              .formatted(maxNewTokens, temperature, topP, topK));
    }
    if (stopStrings.contains("")) {
      throw new IllegalArgumentException("an empty stop string would stop before the first token");
    }
  }

  /** The likeliest token each time, until {@code stopIds} or the length is reached. */
  public static GenerationSettings greedy(int maxNewTokens, Integer... stopIds) {
    return new GenerationSettings(maxNewTokens, 0, 1, 0, 0, List.of(), List.of(stopIds));
  }

  public GenerationSettings withStopStrings(List<String> strings) {
    return new GenerationSettings(maxNewTokens, temperature, topP, topK, seed, strings, stopIds);
  }

  public GenerationSettings withSampling(double temperature, double topP, int topK, long seed) {
    return new GenerationSettings(
        maxNewTokens, temperature, topP, topK, seed, stopStrings, stopIds);
  }
}
