package org.instella.train.plan;

import java.util.LinkedHashMap;
import java.util.Map;
import org.instella.model.transformer.FlatTensors;
import org.instella.model.transformer.QueryBlocks;
import org.instella.model.transformer.TransformerConfig;
import org.instella.train.ComputeConfig;
import org.instella.train.TrainConfig;

/**
 * Memory of one rank by part, in bytes: what the tensors hold, without the allocator's slack and
 * the library itself. All of it lies outside the Java heap.
 *
 * @param parts in the order in which they are made
 */
public record RankMemory(Map<String, Long> parts) {
  private static final long FLOAT32 = Float.BYTES;

  /**
   * Memory of one of {@code ranks} ranks.
   *
   * @param microBatches of a step, over all ranks
   */
  static RankMemory of(TransformerConfig model, TrainConfig train, int ranks) {
    long flat = FlatTensors.paddedLength(model);
    ComputeConfig compute = train.compute();
    boolean narrow = compute.precision() == ComputeConfig.Precision.BFLOAT16;
    long computeBytes = narrow ? 2 : FLOAT32;
    long tokens = (long) train.microBatch() * train.sequenceLength();

    Map<String, Long> parts = new LinkedHashMap<>();
    parts.put("weights, float32", flat * FLOAT32);
    if (narrow) {
      parts.put("weights, bfloat16 copy", flat * computeBytes);
    }
    int buffers = gradientBuffers(train.microBatches(), ranks);
    parts.put("gradients, float32, %d buffers".formatted(buffers), buffers * flat * FLOAT32);
    parts.put("moments, this rank's slice", 2 * flat * FLOAT32 / ranks);
    long probabilities =
        QueryBlocks.kept(model, train.sequenceLength(), compute.torchDevice())
            / train.sequenceLength();
    parts.put("activations", activations(model, compute, tokens, probabilities) * computeBytes);
    // Logits and their gradient, for a chunk of tokens.
    long chunk = Math.min(compute.headChunk(), tokens);
    parts.put("logits, one chunk", 2 * chunk * model.vocabularySize() * FLOAT32);
    if (train.checkpoint().background()) {
      parts.put("checkpoint copy", flat * FLOAT32 + 2 * flat * FLOAT32 / ranks);
    }
    return new RankMemory(parts);
  }

  public long total() {
    return parts.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Buffers of the tree over a rank's micro-batches: see {@code GradientTree}. */
  static int gradientBuffers(int microBatches, int ranks) {
    int groupSize = microBatches >> Integer.numberOfTrailingZeros(microBatches);
    int groups = Math.max(1, microBatches / ranks / groupSize);
    int heights = Integer.SIZE - 1 - Integer.numberOfLeadingZeros(groups);
    return 1 + heights + (groupSize > 1 ? 1 : 0);
  }

  /**
   * Elements kept for the backward pass. A block that is kept holds its input, the fused
   * projection, rotated queries and keys with the values, attention's result, the stream behind it,
   * up and gate, and on a processor the probabilities of short sequences; a block that runs again
   * only its input, but one such block exists whole at a time.
   */
  private static long activations(
      TransformerConfig model, ComputeConfig compute, long tokens, long probabilities) {
    long projected = model.hiddenSize() + 2L * model.keyValueSize();
    long whole =
        3L * model.hiddenSize() + 2 * projected + 2L * model.feedForwardSize() + probabilities;
    long perToken = 2L * model.hiddenSize();
    boolean runsAgain = false;
    for (int layer = 0; layer < model.layers(); layer++) {
      boolean again = compute.recomputeEvery() > 0 && layer % compute.recomputeEvery() == 0;
      perToken += again ? model.hiddenSize() : whole;
      runsAgain |= again;
    }
    return tokens * (perToken + (runsAgain ? whole : 0));
  }
}
