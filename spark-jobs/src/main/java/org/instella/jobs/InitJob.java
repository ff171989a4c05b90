package org.instella.jobs;

import java.util.List;
import java.util.Optional;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.settings.Settings;
import org.instella.conf.storage.Location;
import org.instella.model.checkpoint.Dtype;
import org.instella.model.checkpoint.ModelFolderWriter;
import org.instella.model.torch.TorchDevice;
import org.instella.model.transformer.Decoder;
import org.instella.model.transformer.TransformerConfig;

/**
 * A freshly initialised model folder.
 *
 * @param tokenizer {@code tokenizer.json} that goes into the folder
 * @param seed of the weights
 */
public record InitJob(TransformerConfig model, Optional<Location> tokenizer, long seed, Type type)
    implements Job {

  /** Type of the weights on disk. */
  public enum Type {
    F32(Dtype.F32),
    BF16(Dtype.BF16),
    F16(Dtype.F16);

    private final Dtype dtype;

    Type(Dtype dtype) {
      this.dtype = dtype;
    }
  }

  /** Reads a section {@code init}. */
  public static InitJob from(Settings init) {
    return new InitJob(
        TransformerConfig.from(init.section("model", "shape of the model")),
        init.text("tokenizer", "tokenizer.json to put beside the weights")
            .optional()
            .map(Location::of),
        init.longInteger("seed", "seed of the weights").atLeast(0).orElse(0L),
        init.choice("type", "type of the weights on disk", Type.class).orElse(Type.F32));
  }

  @Override
  public List<Location> inputs() {
    return tokenizer.stream().toList();
  }

  @Override
  public int slots(int total) {
    return 1;
  }

  @Override
  public JobResult run(JobContext context) {
    int threads = Runtime.getRuntime().availableProcessors();
    try (ModelFolderWriter writer = ModelFolderWriter.staged(context.storage(), context.output());
        Decoder decoder = Decoder.initialise(model, seed, TorchDevice.cpu(threads))) {
      writer.config(model, type.dtype);
      writer.weights(model, type.dtype, decoder.parameters()::window);
      tokenizer.ifPresent(file -> writer.tokenizer(file, model));
      Manifest manifest = writer.publish(m -> m.configuration("init.seed", seed));
      return new JobResult(
          context.output(),
          "%,d parameters, digest %s"
              .formatted(model.parameterCount(), manifest.digest().substring(0, 12)));
    }
  }
}
