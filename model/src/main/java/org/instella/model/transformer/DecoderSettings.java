package org.instella.model.transformer;

/**
 * How a decoder computes; none of it changes what is computed beyond rounding.
 *
 * @param compute type of activations and products; the master weights keep theirs
 * @param recomputeEvery 0 keeps all activations for the backward pass; k keeps only the input of
 *     every k-th block (1: of every block) and runs the block again
 * @param headChunk tokens whose logits exist at a time
 * @param prefillChunk tokens that run at a time when a sequence is scored or prompted; borders lie
 *     at its multiples, so equal prefixes give equal bits whatever follows them
 */
public record DecoderSettings(
    Compute compute, int recomputeEvery, int headChunk, int prefillChunk) {
  /** Type of activations and products. */
  public enum Compute {
    /** That of the master weights. */
    MASTER,
    /** bfloat16 copies of float32 master weights. */
    BFLOAT16
  }

  /** Full precision, nothing recomputed. */
  public static final DecoderSettings DEFAULT = new DecoderSettings(Compute.MASTER, 0, 512, 128);

  public DecoderSettings {
    if (recomputeEvery < 0 || headChunk < 1 || prefillChunk < 1) {
      throw new IllegalArgumentException(
          "recomputeEvery %d must be at least 0, headChunk %d and prefillChunk %d at least 1"
              .formatted(recomputeEvery, headChunk, prefillChunk));
    }
  }

  public DecoderSettings withCompute(Compute other) {
    return new DecoderSettings(other, recomputeEvery, headChunk, prefillChunk);
  }

  public DecoderSettings withRecomputeEvery(int blocks) {
    return new DecoderSettings(compute, blocks, headChunk, prefillChunk);
  }

  public DecoderSettings withHeadChunk(int tokens) {
    return new DecoderSettings(compute, recomputeEvery, tokens, prefillChunk);
  }

  public DecoderSettings withPrefillChunk(int tokens) {
    return new DecoderSettings(compute, recomputeEvery, headChunk, tokens);
  }

  boolean recomputes(int layer) {
    return recomputeEvery > 0 && layer % recomputeEvery == 0;
  }
}
