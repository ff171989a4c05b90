package org.instella.eval.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Optional;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.error.DataException;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.eval.request.SpecialTokens;
import org.instella.model.checkpoint.ModelFolder;
import org.instella.model.checkpoint.TokenizerFiles;
import org.instella.model.generate.Generator;
import org.instella.model.torch.TorchDevice;
import org.instella.model.transformer.Decoder;
import org.instella.model.transformer.FlatParameters;
import org.instella.model.transformer.TransformerConfig;
import org.instella.tokenize.bpe.Tokenizer;
import org.instella.tokenize.bpe.TokenizerSpec;
import org.instella.tokenize.bpe.Tokenizers;

/** Opens a model folder as a language model in float32. */
public final class DecoderLanguageModel {
  private static final ObjectMapper JSON = new ObjectMapper();

  private DecoderLanguageModel() {}

  /**
   * Loads weights and tokenizer; the caller closes the model.
   *
   * @throws DataException if a file is missing or damaged, or the tokenizer has ids that the model
   *     has not
   * @throws ConfigurationException if the length asked for is longer than the model's
   */
  public static TokenLanguageModel open(Storage storage, ModelSpec spec) {
    Tokenizer tokenizer = Tokenizers.open(storage, new TokenizerSpec(spec.tokenizer()));
    try {
      Decoder decoder = decoder(storage, spec);
      TransformerConfig config = decoder.config();
      if (tokenizer.vocabularySize() > config.vocabularySize()) {
        decoder.close();
        throw new DataException(
            ModelError.TOKENIZER_TOO_LARGE,
            "Tokenizer %s has %d ids but model %s has %d; use the tokenizer it was trained with"
                .formatted(
                    spec.tokenizer(),
                    tokenizer.vocabularySize(),
                    spec.folder(),
                    config.vocabularySize()));
      }
      return new TokenLanguageModel(
          spec.name(),
          new DecoderNetwork(decoder, maxLength(spec, config)),
          new DecoderGenerator(new Generator(decoder, tokenizer::decode, 1), config.eosId()),
          tokenizer,
          special(storage, spec.folder(), config, tokenizer),
          spec.rule());
    } catch (RuntimeException e) {
      tokenizer.close();
      throw e;
    }
  }

  /** The network alone, for a model without a tokenizer; the caller closes it. */
  public static ScoringNetwork network(Storage storage, ModelSpec spec) {
    Decoder decoder = decoder(storage, spec);
    return new DecoderNetwork(decoder, maxLength(spec, decoder.config()));
  }

  /** See {@link TextGradient#open}. */
  static TextGradient gradient(Storage storage, ModelSpec spec) {
    Tokenizer tokenizer = Tokenizers.open(storage, new TokenizerSpec(spec.tokenizer()));
    try {
      Decoder decoder = decoder(storage, spec, TorchDevice.cpu(spec.threads()));
      TransformerConfig config = decoder.config();
      int prefix = special(storage, spec.folder(), config, tokenizer).prefixId();
      return new TextGradient(decoder, tokenizer, maxLength(spec, config), prefix);
    } catch (RuntimeException e) {
      tokenizer.close();
      throw e;
    }
  }

  private static Decoder decoder(Storage storage, ModelSpec spec) {
    return decoder(storage, spec, TorchDevice.parse(spec.device(), spec.threads()));
  }

  private static Decoder decoder(Storage storage, ModelSpec spec, TorchDevice device) {
    try (ModelFolder folder = ModelFolder.open(storage, spec.folder())) {
      FlatParameters parameters = FlatParameters.allocate(folder.transformerConfig(), device);
      try {
        parameters.writeOnHost(host -> folder.load(host::window));
        return new Decoder(parameters);
      } catch (RuntimeException e) {
        parameters.close();
        throw e;
      }
    }
  }

  private static int maxLength(ModelSpec spec, TransformerConfig config) {
    if (spec.maxLength() > config.maxPositions()) {
      throw new ConfigurationException(
          ModelError.LENGTH_TOO_LARGE,
          "max-length = %d: model %s has %d positions"
              .formatted(spec.maxLength(), spec.folder(), config.maxPositions()));
    }
    return spec.maxLength() == 0 ? config.maxPositions() : spec.maxLength();
  }

  private static SpecialTokens special(
      Storage storage, Location folder, TransformerConfig config, Tokenizer tokenizer) {
    int prefix = config.bosId() >= 0 ? config.bosId() : config.eosId();
    boolean adds =
        tokenizerConfig(storage, folder)
            .map(json -> json.path("add_bos_token").asBoolean(false))
            .orElse(false);
    return new SpecialTokens(prefix, tokenizer.decode(new int[] {prefix}), adds);
  }

  private static Optional<JsonNode> tokenizerConfig(Storage storage, Location folder) {
    Location file = folder.resolve(TokenizerFiles.TOKENIZER_CONFIG);
    if (!storage.exists(file)) {
      return Optional.empty();
    }
    try {
      return Optional.of(JSON.readTree(storage.readText(file)));
    } catch (JsonProcessingException e) {
      throw new DataException(
          ModelError.BAD_TOKENIZER_CONFIG,
          "%s is no JSON: %s".formatted(file, e.getOriginalMessage()),
          e);
    }
  }
}
