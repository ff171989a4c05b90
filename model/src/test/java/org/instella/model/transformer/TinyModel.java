package org.instella.model.transformer;

import java.util.Random;
import org.instella.model.torch.TorchDevice;

/** Small models for the tests of this and other rooms: two layers, grouped heads, fast. */
public final class TinyModel {
  /** 2 layers, 4 query heads over 2 key/value heads of size 16, 256 tokens, 128 positions. */
  public static final TransformerConfig CONFIG =
      new TransformerConfig(2, 64, 4, 2, 16, 96, 256, 1e-5, 10000, 128, false, 0, 0, 1);

  private TinyModel() {}

  /** A model of {@link #CONFIG} on the CPU with one thread; the caller closes it. */
  public static Decoder decoder(long seed) {
    return decoder(CONFIG, seed, DecoderSettings.DEFAULT);
  }

  /** A model of any shape on the CPU with one thread; the caller closes it. */
  public static Decoder decoder(TransformerConfig config, long seed, DecoderSettings settings) {
    FlatParameters parameters = FlatParameters.allocate(config, TorchDevice.cpu(1));
    MitchellInitialiser.fill(parameters, seed);
    return new Decoder(parameters, settings);
  }

  /** {@link #CONFIG} with another vocabulary, for tests with a real tokenizer. */
  public static TransformerConfig withVocabulary(int size) {
    return new TransformerConfig(
        CONFIG.layers(),
        CONFIG.hiddenSize(),
        CONFIG.heads(),
        CONFIG.keyValueHeads(),
        CONFIG.headSize(),
        CONFIG.feedForwardSize(),
        size,
        CONFIG.normEpsilon(),
        CONFIG.ropeBase(),
        CONFIG.maxPositions(),
        CONFIG.tiedEmbeddings(),
        CONFIG.bosId(),
        CONFIG.eosId(),
        CONFIG.padId());
  }

  /** Random ids of {@link #CONFIG}, none of them special. */
  public static int[] tokens(int count, long seed) {
    return new Random(seed).ints(count, 2, CONFIG.vocabularySize()).toArray();
  }
}
