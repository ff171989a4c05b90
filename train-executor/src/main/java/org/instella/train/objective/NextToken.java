package org.instella.train.objective;

import org.instella.model.transformer.Decoder;
import org.instella.model.transformer.FlatGradients;
import org.instella.model.transformer.FlatParameters;
import org.instella.model.transformer.GradientsReady;
import org.instella.train.data.SampleBatch;

/** Cross entropy of each next token: the objective of both pre-training stages. */
public final class NextToken implements Objective {
  private final Decoder decoder;

  /** Takes over the ownership of {@code decoder}. */
  public NextToken(Decoder decoder) {
    this.decoder = decoder;
  }

  @Override
  public FlatParameters parameters() {
    return decoder.parameters();
  }

  @Override
  public double accumulate(SampleBatch batch, double scale, FlatGradients gradients) {
    return accumulate(batch, scale, gradients, GradientsReady.IGNORED);
  }

  @Override
  public double accumulate(
      SampleBatch batch, double scale, FlatGradients gradients, GradientsReady ready) {
    return decoder.accumulate(batch.rows(), scale, gradients, ready);
  }

  @Override
  public double lossSum(SampleBatch batch) {
    return decoder.lossSum(batch.rows());
  }

  @Override
  public void weightsChanged() {
    decoder.parametersChanged();
  }

  @Override
  public void close() {
    decoder.close();
  }
}
