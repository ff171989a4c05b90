package org.instella.train;

import java.util.Arrays;
import org.instella.conf.error.BugException;
import org.instella.model.torch.FlatBuffer;
import org.instella.model.transformer.FlatGradients;
import org.instella.model.transformer.GradientsReady;
import org.instella.model.transformer.OptimizerKernels;
import org.instella.train.checkpoint.TrainerState;
import org.instella.train.data.Batch;
import org.instella.train.data.SampleBatch;
import org.instella.train.optim.GradientTree;

/** One step: batch, gradients, their sum over the ranks, update. */
final class TrainStep {
  private final RunParts parts;
  private final TrainConfig config;
  private final NonFiniteStep nonFinite;

  TrainStep(RunParts parts) {
    this.parts = parts;
    this.config = parts.config;
    this.nonFinite = new NonFiniteStep(parts);
  }

  /**
   * What a step gave; the same in all ranks.
   *
   * @param place of the batch in the order of samples
   * @param exchange what the ranks told each other
   * @param loss by the normalisation of the recipe, over the global batch; not a number if the
   *     batch was passed over
   * @param gradientNorm global, before clipping; likewise
   * @param skipped whether there was no update
   * @param passedOver whether the batch was not even computed, because of a roll-back
   */
  record Outcome(
      Batch.Place place,
      StepExchange exchange,
      double loss,
      double gradientNorm,
      boolean skipped,
      boolean passedOver) {

    /** Whether some rank was asked to stop. */
    boolean stop() {
      return exchange.stop();
    }
  }

  /**
   * One micro-batch forward and back without an update: what does not fit into memory shows now,
   * not in an hour.
   */
  void rehearse(TrainerState state) {
    Batch first = parts.loader.read(state.step() + 1);
    parts.objective.accumulate(
        first.microBatches().get(0), gradientScale(), parts.gradients.next());
    parts.gradients.clear();
  }

  /** Makes the step after {@code state}. */
  Outcome make(TrainerState state) {
    Batch batch = parts.loader.next();
    StepExchange exchange = new StepExchange(config.microBatches());
    if (parts.rollBacks.passes(state.step() + 1)) {
      return passOver(state, batch, exchange);
    }
    FlatBuffer gradient = accumulate(batch, exchange);
    tellEachOther(state, exchange);
    double norm = norm(gradient);
    double loss = exchange.lossSum() * gradientScale();
    boolean skip = !Double.isFinite(loss) || !Double.isFinite(norm);
    if (skip) {
      long step = state.step() + 1;
      BatchDocuments documents = new BatchDocuments(config, parts.data);
      nonFinite.meet(step, NonFiniteReport.of(step, loss, norm, exchange, documents));
    } else {
      update(state, gradient, norm);
    }
    return new Outcome(batch.place(), exchange, loss, norm, skip, false);
  }

  private void tellEachOther(TrainerState state, StepExchange exchange) {
    exchange.setStop(parts.run.stopRequested().getAsBoolean());
    parts.checkpoints.report(exchange);
    exchange.run(parts.group);
    parts.checkpoints.heed(exchange);
    requireAllTargets(state, exchange);
  }

  /** Uses a batch up: it was read, and the ledger proves it, but nobody learns from it. */
  private Outcome passOver(TrainerState state, Batch batch, StepExchange exchange) {
    int number = batch.firstMicroBatch();
    for (SampleBatch samples : batch.microBatches()) {
      exchange.set(number++, Double.NaN, samples);
    }
    tellEachOther(state, exchange);
    return new Outcome(batch.place(), exchange, Double.NaN, Double.NaN, true, true);
  }

  /** The gradient of the global batch; this rank's slice of it is final. */
  private FlatBuffer accumulate(Batch batch, StepExchange exchange) {
    int number = batch.firstMicroBatch();
    int last = batch.microBatches().size() - 1;
    for (SampleBatch samples : batch.microBatches().subList(0, last)) {
      FlatGradients gradient = parts.gradients.next();
      double lossSum = parts.objective.accumulate(samples, gradientScale(), gradient);
      exchange.set(number++, lossSum, samples);
      parts.gradients.push(gradient);
    }
    SampleBatch samples = batch.microBatches().get(last);
    FlatGradients gradient = parts.gradients.next();
    GradientTree.Finish finish = parts.gradients.finish(gradient);
    GradientsReady ready = parts.reduction.begin(finish);
    exchange.set(
        number, parts.objective.accumulate(samples, gradientScale(), gradient, ready), samples);
    parts.reduction.complete();
    return finish.sum().buffer();
  }

  /** One over the divisor of the loss. */
  private double gradientScale() {
    return switch (config.loss().normalisation()) {
      case EXACT -> 1.0 / targets();
      case INSTELLA -> 1.0 / config.tokensPerStep();
    };
  }

  /** Predicted tokens in a global batch. */
  private long targets() {
    return (long) config.globalBatch() * (config.sequenceLength() - 1);
  }

  private void requireAllTargets(TrainerState state, StepExchange exchange) {
    long expected = parts.data.plan().fingerprint(state.step() + 1, parts.data.order());
    if (exchange.targets() != targets() || exchange.fingerprint() != expected) {
      throw new BugException(
          TrainError.SAMPLES_DIFFER,
          "Step %d was to use %d targets of samples %016x, but the ranks used %d of %016x; please report this"
              .formatted(
                  state.step() + 1,
                  targets(),
                  expected,
                  exchange.targets(),
                  exchange.fingerprint()));
    }
  }

  /**
   * The global norm: sums of squares of fixed chunks in float64, added in the order of the chunks
   * over all ranks.
   */
  private double norm(FlatBuffer gradient) {
    double[] chunks = new double[(int) (gradient.length() / OptimizerKernels.CHUNK)];
    double[] own =
        parts.kernels.chunkSquaredNorms(
            gradient, parts.moments.slice().first(), parts.moments.slice().end());
    int firstChunk = (int) (parts.moments.slice().first() / OptimizerKernels.CHUNK);
    System.arraycopy(own, 0, chunks, firstChunk, own.length);
    parts.group.allReduce(chunks);
    return Math.sqrt(Arrays.stream(chunks).reduce(0, Double::sum));
  }

  private void update(TrainerState state, FlatBuffer gradient, double norm) {
    FlatBuffer weights = parts.objective.parameters().buffer();
    parts.moments.update(
        parts.kernels,
        weights,
        gradient,
        config.optimizer(),
        state.updates() + 1,
        parts.calendar.learningRate().at(state.step() + 1),
        config.optimizer().clipFactor(norm));
    parts.group.allGather(new FlatMemory(weights));
    parts.objective.weightsChanged();
  }
}
