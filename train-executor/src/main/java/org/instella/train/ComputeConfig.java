package org.instella.train;

import org.instella.conf.error.ConfigurationException;
import org.instella.conf.settings.Range;
import org.instella.conf.settings.Settings;
import org.instella.model.torch.TorchDevice;
import org.instella.model.transformer.DecoderSettings;
import org.instella.train.parallel.Rank;
import org.instella.train.parallel.Reduction;

/**
 * How a rank computes. All of it belongs to the recipe: it changes nothing beyond rounding, but
 * roundings are part of a bit-exact run.
 *
 * @param device {@code cpu}, {@code gpu} or {@code gpu:N}
 * @param threads inside one operator on the CPU; sums of one and of two threads differ in their
 *     last bits
 * @param precision type of activations and products; master weights, gradients and moments are
 *     float32
 * @param recomputeEvery 0 keeps all activations; k keeps the input of every k-th block and runs it
 *     again
 * @param headChunk tokens whose logits exist at a time
 * @param reduction how gradients are summed over micro-batches and ranks
 * @param attendAcrossDocuments whether attention sees past the start of a document within a sample,
 *     as published for the 3B stages
 */
public record ComputeConfig(
    String device,
    int threads,
    Precision precision,
    int recomputeEvery,
    int headChunk,
    Reduction reduction,
    boolean attendAcrossDocuments) {

  /** Type of activations and products. */
  public enum Precision {
    FLOAT32,
    BFLOAT16
  }

  /** Reads a section {@code compute}. */
  static ComputeConfig from(Settings compute) {
    return new ComputeConfig(
        compute.text("device", "cpu, gpu or gpu:N").orElse("cpu"),
        compute
            .integer("threads", "threads inside one operator on the CPU")
            .in(Range.closed(1, 1024))
            .orElse(1),
        compute
            .choice("precision", "type of activations and products", Precision.class)
            .orElse(Precision.FLOAT32),
        compute
            .integer("recompute-every", "run every k-th block again in the backward pass; 0: none")
            .atLeast(0)
            .orElse(0),
        compute.integer("head-chunk", "tokens whose logits exist at a time").atLeast(1).orElse(512),
        compute
            .choice(
                "reduction",
                "sum of gradients: exact gives the same bits for every number of ranks, fast needs less memory and other bits for each",
                Reduction.class)
            .orElse(Reduction.EXACT),
        compute
            .flag("attend-across-documents", "attention crosses documents within a sample")
            .orElse(true));
  }

  /** Device with its threads, before a rank is known: {@code gpu} is card 0. */
  public TorchDevice torchDevice() {
    return TorchDevice.parse(device, threads);
  }

  /**
   * The device of one rank: for {@code gpu} the card that the scheduler gave it, or the only one of
   * a run without a scheduler of cards.
   *
   * @throws ConfigurationException if ranks would have to share a card
   */
  TorchDevice torchDevice(Rank rank) {
    TorchDevice named = torchDevice();
    if (named.kind() == TorchDevice.Kind.CPU) {
      return named;
    }
    if (device.contains(":")) {
      if (rank.count() > 1) {
        throw new ConfigurationException(
            TrainError.NO_CARD,
            "train.compute.device = %s names one card for %d ranks; use gpu, and Spark gives each rank its own"
                .formatted(device, rank.count()));
      }
      return named;
    }
    if (rank.card().isPresent()) {
      return new TorchDevice(TorchDevice.Kind.GPU, rank.card().getAsInt(), threads);
    }
    if (rank.count() > 1) {
      throw new ConfigurationException(
          TrainError.NO_CARD,
          ("train.compute.device = gpu with %d ranks, but Spark gave rank %d no card; set"
                  + " spark.executor.resource.gpu.amount = 1, spark.task.resource.gpu.amount = 1"
                  + " and a discovery script (instella plan prints the settings)")
              .formatted(rank.count(), rank.index()));
    }
    return named;
  }

  /** Settings of the network. */
  DecoderSettings decoderSettings() {
    return DecoderSettings.DEFAULT
        .withCompute(
            switch (precision) {
              case FLOAT32 -> DecoderSettings.Compute.MASTER;
              case BFLOAT16 -> DecoderSettings.Compute.BFLOAT16;
            })
        .withRecomputeEvery(recomputeEvery)
        .withHeadChunk(headChunk);
  }
}
