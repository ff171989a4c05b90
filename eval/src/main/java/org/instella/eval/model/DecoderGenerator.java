package org.instella.eval.model;

import java.util.List;
import org.instella.model.generate.Generation;
import org.instella.model.generate.GenerationSettings;
import org.instella.model.generate.Generator;

/** Greedy text from a decoder that somebody else owns. */
final class DecoderGenerator implements TextGenerator {
  private final Generator generator;
  private final int eosId;

  DecoderGenerator(Generator generator, int eosId) {
    this.generator = generator;
    this.eosId = eosId;
  }

  @Override
  public int[] greedy(int[] prompt, int maxNewTokens, List<String> stops) {
    GenerationSettings settings =
        GenerationSettings.greedy(maxNewTokens, eosId).withStopStrings(stops);
    Generation generation = generator.generate(prompt, settings);
    int kept = generation.tokens().size();
    if (generation.reason() == Generation.FinishReason.STOP_TOKEN) {
      kept--;
    }
    return generation.tokens().subList(0, kept).stream().mapToInt(Integer::intValue).toArray();
  }

  @Override
  public void close() {}
}
