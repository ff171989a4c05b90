package org.instella.train.objective;

import org.instella.model.transformer.FlatGradients;
import org.instella.model.transformer.FlatParameters;
import org.instella.model.transformer.GradientsReady;
import org.instella.train.data.SampleBatch;

/**
 * What a step makes smaller, together with the network it does so with.
 *
 * <p>Owns the network. Called from one thread.
 */
public interface Objective extends AutoCloseable {

  /** The weights that are trained; owned by this objective. */
  FlatParameters parameters();

  /**
   * Loss and gradient of one micro-batch alone.
   *
   * @param scale factor of the gradient, usually one over the targets of the global batch
   * @param gradients overwritten with the gradient of {@code scale} times the loss
   * @return the loss summed over the targets, not scaled
   */
  double accumulate(SampleBatch batch, double scale, FlatGradients gradients);

  /**
   * {@link #accumulate(SampleBatch, double, FlatGradients)} that tells which gradients are final,
   * from the end of the buffer to its start, so that they can leave while the rest is computed.
   */
  default double accumulate(
      SampleBatch batch, double scale, FlatGradients gradients, GradientsReady ready) {
    double sum = accumulate(batch, scale, gradients);
    ready.ready(0, gradients.config().parameterCount());
    return sum;
  }

  /** The loss of one micro-batch summed over its targets. */
  double lossSum(SampleBatch batch);

  /** Tells the network that the weights have changed. */
  default void weightsChanged() {}

  @Override
  void close();
}
