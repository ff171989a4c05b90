package org.instella.train;

import org.instella.model.torch.FlatBuffer;
import org.instella.model.torch.Precision;
import org.instella.model.transformer.FlatParameters;
import org.instella.model.transformer.OptimizerKernels;
import org.instella.train.checkpoint.CheckpointReader;
import org.instella.train.optim.AdamW;
import org.instella.train.parallel.FloatMemory;
import org.instella.train.parallel.Slice;

/**
 * Adam's moments of the slice of the flat buffer that this rank owns, and the update that uses
 * them.
 */
final class Moments implements AutoCloseable {
  private final Slice slice;
  private final FlatBuffer first;
  private final FlatBuffer second;

  /** Zeros for a slice of the parameters. */
  Moments(FlatParameters parameters, Slice slice) {
    this.slice = slice;
    FlatBuffer model = parameters.buffer();
    this.first = FlatBuffer.zeros(model.device(), Precision.FLOAT32, slice.elements());
    this.second = FlatBuffer.zeros(model.device(), Precision.FLOAT32, slice.elements());
  }

  /** Takes over the moments of a checkpoint of however many ranks. */
  void load(CheckpointReader from, long total) {
    first.writeOnHost(
        one ->
            second.writeOnHost(
                two -> from.loadMoments(slice, total, new FlatMemory(one), new FlatMemory(two))));
  }

  Slice slice() {
    return slice;
  }

  /** The first moments from the first element of the slice on. */
  FloatMemory firstOfSlice() {
    return new FlatMemory(first);
  }

  /** The second moments from the first element of the slice on. */
  FloatMemory secondOfSlice() {
    return new FlatMemory(second);
  }

  /** One update of the slice. */
  void update(
      OptimizerKernels kernels,
      FlatBuffer parameters,
      FlatBuffer gradients,
      AdamW settings,
      long update,
      double learningRate,
      double gradientScale) {
    kernels.adamw(
        parameters,
        gradients,
        first,
        second,
        slice.first(),
        slice.end(),
        slice.first(),
        update,
        learningRate,
        settings.beta1(),
        settings.beta2(),
        settings.epsilon(),
        settings.weightDecay(),
        gradientScale);
  }

  /** Copies both moments of the slice to buffers of its length. */
  void copyInto(OptimizerKernels kernels, FlatBuffer firstCopy, FlatBuffer secondCopy) {
    kernels.copyInto(firstCopy, 0, first, 0, slice.elements());
    kernels.copyInto(secondCopy, 0, second, 0, slice.elements());
  }

  @Override
  public void close() {
    first.close();
    second.close();
  }
}
