package org.instella.train;

import org.instella.conf.error.ConfigurationException;
import org.instella.model.transformer.OptimizerKernels;
import org.instella.train.parallel.Rank;

/** Refuses numbers of ranks that cannot share a step and its weights equally. */
final class RankFit {
  private RankFit() {}

  /**
   * Micro-batches are shared along one binary tree.
   *
   * @throws ConfigurationException with the largest number of ranks that fits
   */
  static void requireBatch(TrainConfig config, Rank rank) {
    int ranks = rank.count();
    if (Integer.bitCount(ranks) != 1 || config.microBatches() % ranks != 0) {
      throw new ConfigurationException(
          TrainError.BATCH_INDIVISIBLE,
          "%d ranks cannot share %d micro-batches (train.global-batch %d / train.micro-batch %d) along one tree: the number of ranks must be a power of two that divides them, here at most %d"
              .formatted(
                  ranks,
                  config.microBatches(),
                  config.globalBatch(),
                  config.microBatch(),
                  Integer.lowestOneBit(config.microBatches())));
    }
  }

  /**
   * Slices end where the kernels' chunks end, so that every rank adds and rounds alike.
   *
   * @param elements of the flat buffer
   * @throws ConfigurationException with the largest number of ranks that fits
   */
  static void requireSlices(long elements, Rank rank) {
    if (elements % ((long) rank.count() * OptimizerKernels.CHUNK) != 0) {
      throw new ConfigurationException(
          TrainError.BATCH_INDIVISIBLE,
          "%d ranks cannot share %d parameters in slices of whole chunks of %d; use at most %d ranks"
              .formatted(
                  rank.count(),
                  elements,
                  OptimizerKernels.CHUNK,
                  Long.lowestOneBit(elements / OptimizerKernels.CHUNK)));
    }
  }
}
