package org.instella.train.plan;

import org.instella.model.transformer.TransformerConfig;

/**
 * Floating-point operations of one token, forward and backward: {@code 6N + 12·L·d·S}, N without
 * the input embedding (a look-up), the second term for attention scores and their products with the
 * values (Chowdhery et al. 2022, arXiv:2204.02311, appendix B). Recomputed activations are not
 * counted: they are work, not progress.
 *
 * @param weights operations of the matrix products, 6N
 * @param attentionFull operations of attention over the whole square of positions
 */
public record Flops(double weights, double attentionFull) {

  public static Flops perToken(TransformerConfig model, int sequenceLength) {
    return new Flops(
        6.0 * withoutInputEmbedding(model),
        12.0 * model.layers() * model.hiddenSize() * sequenceLength);
  }

  /** N of the formula: all weights but the input embedding; a tied head still multiplies. */
  public static long withoutInputEmbedding(TransformerConfig model) {
    long embedding = (long) model.vocabularySize() * model.hiddenSize();
    return model.parameterCount() - (model.tiedEmbeddings() ? 0 : embedding);
  }

  /** Counts the masked half of the scores too, as most published MFU figures do. */
  public double full() {
    return weights + attentionFull;
  }

  /** Counts only what a causal kernel has to compute. */
  public double causal() {
    return weights + attentionFull / 2;
  }
}
