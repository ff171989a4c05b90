package org.instella.model.transformer;

import org.instella.model.torch.TorchDevice;

/**
 * When training attends by whole products of matrices, one block of queries after another, and what
 * that keeps.
 *
 * <p>On a processor these products are two to three times as fast as libtorch's flash kernel, whose
 * own are small, and of bfloat16 emulated. The price is memory: the probabilities are kept for the
 * backward pass. Up to 16 times the size of a head they are fewer than the other activations of a
 * block; longer sequences, and cards, take the flash kernel.
 */
public final class QueryBlocks {
  /** Queries of a block. */
  static final int QUERIES = 64;

  private static final int HEAD_SIZES = 16;

  private QueryBlocks() {}

  /** The longest sequence that attends in blocks; 0 on a card. */
  static int longestSequence(TransformerConfig model, TorchDevice device) {
    return device.kind() == TorchDevice.Kind.CPU ? HEAD_SIZES * model.headSize() : 0;
  }

  /** Probabilities of one sequence that a block of the model keeps: elements. */
  public static long kept(TransformerConfig model, int sequence, TorchDevice device) {
    if (sequence > longestSequence(model, device)) {
      return 0;
    }
    long elements = 0;
    for (int at = 0; at < sequence; at += QUERIES) {
      int end = Math.min(sequence, at + QUERIES);
      elements += (long) model.heads() * (end - at) * end;
    }
    return elements;
  }
}
