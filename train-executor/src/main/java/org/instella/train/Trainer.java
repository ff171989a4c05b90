package org.instella.train;

import java.util.Arrays;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.instella.conf.error.BugException;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.error.StoppedException;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.storage.Location;
import org.instella.model.checkpoint.Dtype;
import org.instella.model.checkpoint.ModelFolder;
import org.instella.model.checkpoint.ModelFolderWriter;
import org.instella.model.torch.FlatBuffer;
import org.instella.model.torch.TorchDevice;
import org.instella.model.transformer.Decoder;
import org.instella.model.transformer.DecoderSettings;
import org.instella.model.transformer.FlatGradients;
import org.instella.model.transformer.FlatParameters;
import org.instella.model.transformer.OptimizerKernels;
import org.instella.model.transformer.TransformerConfig;
import org.instella.train.checkpoint.CheckpointReader;
import org.instella.train.checkpoint.CheckpointWriter;
import org.instella.train.checkpoint.Checkpoints;
import org.instella.train.checkpoint.Snapshot;
import org.instella.train.checkpoint.TrainerState;
import org.instella.train.checkpoint.WeightMemory;
import org.instella.train.data.Batch;
import org.instella.train.data.DataLoader;
import org.instella.train.data.SampleBatch;
import org.instella.train.objective.NextToken;
import org.instella.train.objective.Objective;
import org.instella.train.optim.GradientTree;
import org.instella.train.optim.LearningRate;
import org.instella.train.parallel.ProcessGroup;
import org.instella.train.parallel.Rank;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One rank of one training stage: builds its parts, makes steps, saves, and leaves a model folder.
 *
 * <p>Exact to the bit: the result depends on the recipe and the data alone, not on the number of
 * ranks, nor on how often the run was interrupted. See {@code docs/proving-numerics.md}.
 */
public final class Trainer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Trainer.class);
  private static final int STEPS_READ_AHEAD = 2;

  // What is to be done.
  private final TrainConfig config;
  private final TrainRun run;
  private final Rank rank;
  private final long lastStep;
  private final long checkpointSteps;
  private final long heldOutSteps;

  // With what.
  private final Resources resources = new Resources();
  private final RunData data;
  private final LearningRate learningRate;
  private final Snapshot.Provenance provenance;
  private final ProcessGroup group;
  private final Objective objective;
  private final OptimizerKernels kernels;
  private final GradientTree gradients;
  private final Moments moments;
  private final DataLoader loader;
  private final CheckpointDuty checkpoints;
  private final Optional<HeldOut> heldOut;
  private final Optional<StepLog> stepLog;

  // Where it stands.
  private TrainerState state;
  private Optional<Location> savedAt;

  /** Makes the network of a run. */
  interface ObjectiveFactory {
    /**
     * Makes the objective; its weights are fresh where {@code freshSeed} is given, else of no
     * matter.
     *
     * @param model shape of the network
     */
    Objective create(TrainConfig config, TransformerConfig model, Optional<Long> freshSeed);
  }

  /**
   * Trains to the end of the recipe, from the newest sound checkpoint in the output folder if there
   * is one. Called by every rank of an attempt.
   *
   * @throws ConfigurationException if recipe, data and model do not fit, or the recipe is not that
   *     of the checkpoint
   * @throws org.instella.conf.error.DataException if data or model are damaged, or the loss is not
   *     finite
   * @throws org.instella.conf.error.EnvironmentException if a rank was lost or the storage failed:
   *     start the next generation
   * @throws StoppedException after a stop request; the checkpoint is written
   */
  public static TrainResult run(TrainConfig config, TrainRun run) {
    return run(config, run, Trainer::nextToken);
  }

  static TrainResult run(TrainConfig config, TrainRun run, ObjectiveFactory factory) {
    try (Trainer trainer = new Trainer(config, run, factory)) {
      return trainer.train();
    }
  }

  private static Objective nextToken(
      TrainConfig config, TransformerConfig model, Optional<Long> freshSeed) {
    TorchDevice device = config.compute().torchDevice();
    DecoderSettings settings = config.compute().decoderSettings();
    return new NextToken(
        freshSeed.isPresent()
            ? Decoder.initialise(model, freshSeed.get(), device, settings)
            : new Decoder(FlatParameters.allocate(model, device), settings));
  }

  private Trainer(TrainConfig config, TrainRun run, ObjectiveFactory factory) {
    this.config = config;
    this.run = run;
    this.rank = run.rank();
    try {
      requireRanksFit();
      data = RunData.open(run.storage(), config);
      if (config.data().verify()) {
        data.verify(run.storage(), rank);
      }
      var units = data.units(config);
      lastStep = config.duration().toSteps(units);
      learningRate = config.schedule().of(config.optimizer().learningRate(), lastStep, units);
      checkpointSteps = Math.max(1, config.checkpoint().every().toSteps(units));
      heldOutSteps = config.heldOut().map(h -> Math.max(1, h.every().toSteps(units))).orElse(0L);

      StartingPoint start = start();
      state = start.state();
      data.requireFits(start.model());
      provenance = provenance(start);
      objective = resources.own(factory.create(config, start.model(), freshSeed(start)));
      FlatBuffer weights = objective.parameters().buffer();
      requireSlicesFit(weights.length());
      start.weights().ifPresent(folder -> loadWeights(folder, weights));
      group = resources.own(ProcessGroup.join(rank, config.group()));
      kernels = resources.own(new OptimizerKernels(weights.device()));
      moments = resources.own(new Moments(objective.parameters(), group.slice(weights.length())));
      start.moments().ifPresent(from -> moments.load(from, weights.length()));
      gradients =
          resources.own(
              new GradientTree(
                  objective.parameters(), kernels, config.microBatches(), rank.count()));
      loader = resources.own(openLoader());
      heldOut = config.heldOut().map(h -> HeldOut.open(run.storage(), config, h, data));
      checkpoints = resources.own(openCheckpoints());
      stepLog =
          rank.first()
              ? Optional.of(resources.own(StepLog.resume(run, config, state.step())))
              : Optional.empty();
    } catch (RuntimeException e) {
      try (resources) {
        throw e;
      }
    }
  }

  private void requireRanksFit() {
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

  /** Slices end where the kernels' chunks end, so that every rank adds and rounds alike. */
  private void requireSlicesFit(long elements) {
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

  private StartingPoint start() {
    StartingPoint recipe = StartingPoint.ofRecipe(run.storage(), config);
    Optional<CheckpointReader> own = StartingPoint.newest(run);
    savedAt = own.map(CheckpointReader::folder);
    if (own.isEmpty()) {
      return recipe;
    }
    SortedMap<String, String> old = new TreeMap<>(own.get().identity());
    SortedMap<String, String> now = RunIdentity.of(config);
    own.get().inputs().forEach((name, digest) -> old.put(name + " (digest)", digest));
    recipe.parents().forEach((name, digest) -> now.put(name + " (digest)", digest));
    data.inputs().forEach((name, digest) -> now.put(name + " (digest)", digest));
    RunIdentity.requireSame(old, now, config.extend(), own.get().folder());
    return recipe.at(own.get());
  }

  private Optional<Long> freshSeed(StartingPoint start) {
    return start.weights().isPresent() ? Optional.empty() : Optional.of(config.start().seed());
  }

  private Snapshot.Provenance provenance(StartingPoint start) {
    SortedMap<String, String> inputs = new TreeMap<>(start.parents());
    inputs.putAll(data.inputs());
    return new Snapshot.Provenance(
        start.model(), inputs, run.recipe(), RunIdentity.of(config), start.tokenizer());
  }

  private void loadWeights(Location folder, FlatBuffer weights) {
    try (ModelFolder model = ModelFolder.open(run.storage(), folder)) {
      model.load(new WeightMemory(new FlatMemory(weights)));
    }
    objective.weightsChanged();
  }

  private DataLoader openLoader() {
    return new DataLoader(
        data.mixture(),
        data.order(),
        data.plan(),
        data.documentEnd(config.compute()),
        rank.index(),
        rank.count(),
        state.step() + 1,
        STEPS_READ_AHEAD);
  }

  private CheckpointDuty openCheckpoints() {
    var units = data.units(config);
    Checkpoints.Retention retention =
        new Checkpoints.Retention(
            config.checkpoint().keep(),
            config.checkpoint().keepEvery().map(every -> every.toSteps(units)).orElse(0L));
    return new CheckpointDuty(
        new CheckpointWriter(run.storage(), run.output(), rank, provenance),
        new Checkpoints(run.storage(), run.output()),
        retention,
        group,
        kernels,
        saved -> run.listener().saved(saved.step(), checkpointOf(saved.step())));
  }

  private Location checkpointOf(long step) {
    return new Checkpoints(run.storage(), run.output()).of(step);
  }

  // The loop.

  private TrainResult train() {
    try {
      announce();
      if (state.step() < lastStep) {
        dryRun();
        if (state.step() == 0 && config.checkpoint().first()) {
          saveNow();
        }
      }
      Pace pace = new Pace(config.tokensPerStep());
      pace.stepEnded(System.nanoTime());
      while (state.step() < lastStep) {
        boolean stop = step(pace);
        if (state.step() % checkpointSteps == 0 && state.step() < lastStep && !stop) {
          save();
        }
        if (heldOutSteps > 0 && state.step() % heldOutSteps == 0 && state.step() < lastStep) {
          measure();
        }
        if (stop && state.step() < lastStep) {
          stop();
        }
      }
      return finish();
    } catch (StoppedException e) {
      throw e;
    } catch (RuntimeException | Error e) {
      // The ranks no longer agree: no collectives from here on, only the reason.
      group.abort(String.valueOf(e.getMessage()));
      throw e;
    }
  }

  private void announce() {
    if (rank.first()) {
      run.listener()
          .started(
              new TrainListener.RunShape(
                  state.step() + 1,
                  lastStep,
                  provenance.config().parameterCount(),
                  config.tokensPerStep(),
                  data.mixture().samples(),
                  data.plan().stepsPerEpoch(),
                  rank.count(),
                  rank.generation()));
    }
    log.info(
        "training rank={} ranks={} generation={} first-step={} last-step={} samples={} parameters={}",
        rank.index(),
        rank.count(),
        rank.generation(),
        state.step() + 1,
        lastStep,
        data.mixture().samples(),
        provenance.config().parameterCount());
  }

  /**
   * One micro-batch forward and back without an update: what does not fit into memory shows now,
   * not in an hour.
   */
  private void dryRun() {
    Batch first = loader.read(state.step() + 1);
    objective.accumulate(first.microBatches().get(0), gradientScale(), gradients.next());
    gradients.clear();
  }

  /**
   * Makes one step.
   *
   * @return whether some rank was asked to stop
   */
  private boolean step(Pace pace) {
    final long start = System.nanoTime();
    final double communicated = group.secondsSpent();
    final double waited = loader.secondsWaited();
    final double halted = checkpoints.secondsHalted();
    Batch batch = loader.next();
    StepExchange exchange = new StepExchange(config.microBatches());
    int number = batch.firstMicroBatch();
    for (SampleBatch samples : batch.microBatches()) {
      FlatGradients gradient = gradients.next();
      double lossSum = objective.accumulate(samples, gradientScale(), gradient);
      exchange.set(number++, lossSum, samples);
      gradients.push(gradient);
    }
    exchange.setStop(run.stopRequested().getAsBoolean());
    checkpoints.report(exchange);
    exchange.run(group);
    checkpoints.heed(exchange);
    requireAllTargets(exchange);

    FlatBuffer gradient = gradients.sum().buffer();
    group.reduceScatter(new FlatMemory(gradient));
    double norm = norm(gradient);
    double loss = exchange.lossSum() * gradientScale();
    boolean skip = !Double.isFinite(loss) || !Double.isFinite(norm);
    if (skip) {
      refuseOrSkip(batch, exchange, loss, norm);
    } else {
      update(gradient, norm);
    }
    state = state.after(config.globalBatch(), loss, skip);
    long end = System.nanoTime();
    pace.stepEnded(end);
    if (rank.first()) {
      StepProgress progress =
          new StepProgress(
              state.step(),
              lastStep,
              batch.place().epoch(),
              loss,
              norm,
              learningRate.at(state.step()),
              state.samples() * config.sequenceLength(),
              pace.tokensPerSecond(),
              pace.secondsFor(lastStep - state.step()),
              (end - start) / 1e9,
              loader.secondsWaited() - waited,
              group.secondsSpent() - communicated,
              checkpoints.secondsHalted() - halted,
              skip);
      stepLog.orElseThrow().write(batch.place(), exchange.fingerprint(), progress);
      run.listener().stepped(progress);
    }
    return exchange.stop();
  }

  /** One over the divisor of the loss. */
  private double gradientScale() {
    long targets = (long) config.globalBatch() * (config.sequenceLength() - 1);
    return switch (config.loss().normalisation()) {
      case EXACT -> 1.0 / targets;
      case INSTELLA -> 1.0 / config.tokensPerStep();
    };
  }

  private void requireAllTargets(StepExchange exchange) {
    long expected = (long) config.globalBatch() * (config.sequenceLength() - 1);
    long expectedSamples = data.plan().fingerprint(state.step() + 1, data.order());
    if (exchange.targets() != expected || exchange.fingerprint() != expectedSamples) {
      throw new BugException(
          TrainError.SAMPLES_DIFFER,
          "Step %d was to use %d targets of samples %016x, but the ranks used %d of %016x; please report this"
              .formatted(
                  state.step() + 1,
                  expected,
                  expectedSamples,
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
        kernels.chunkSquaredNorms(gradient, moments.slice().first(), moments.slice().end());
    int firstChunk = (int) (moments.slice().first() / OptimizerKernels.CHUNK);
    System.arraycopy(own, 0, chunks, firstChunk, own.length);
    group.allReduce(chunks);
    return Math.sqrt(Arrays.stream(chunks).reduce(0, Double::sum));
  }

  private void update(FlatBuffer gradient, double norm) {
    FlatBuffer weights = objective.parameters().buffer();
    moments.update(
        kernels,
        weights,
        gradient,
        config.optimizer(),
        state.updates() + 1,
        learningRate.at(state.step() + 1),
        config.optimizer().clipFactor(norm));
    group.allGather(new FlatMemory(weights));
    objective.weightsChanged();
  }

  private void refuseOrSkip(Batch batch, StepExchange exchange, double loss, double norm) {
    String report =
        NonFiniteReport.of(state.step() + 1, loss, norm, batch.place(), exchange, data, config);
    switch (config.loss().nonFinite()) {
      case STOP -> throw NonFiniteReport.stop(report);
      case SKIP_BATCH -> {
        if (rank.first()) {
          log.warn("batch skipped {}", report);
        }
      }
    }
  }

  private void measure() {
    if (heldOut.isPresent()) {
      SortedMap<String, Double> losses = heldOut.get().measure(objective, group);
      if (rank.first()) {
        stepLog.orElseThrow().writeHeldOut(state.step(), losses);
        run.listener().measured(state.step(), losses);
      }
    }
  }

  // Save and leave.

  private void save() {
    if (config.checkpoint().background()) {
      checkpoints.saveInBackground(state, objective.parameters().buffer(), moments);
    } else {
      saveNow();
    }
  }

  private void saveNow() {
    checkpoints.saveNow(state, objective.parameters().buffer(), moments);
    savedAt = Optional.of(checkpointOf(state.step()));
  }

  private void stop() {
    saveNow();
    throw new StoppedException(
        TrainError.STOP_REQUESTED,
        "Stopped after step %d of %d as asked; the checkpoint is %s and the same command goes on from there"
            .formatted(state.step(), lastStep, checkpointOf(state.step())));
  }

  private TrainResult finish() {
    checkpoints.settle();
    Location checkpoint = checkpointOf(state.step());
    if (!savedAt.equals(Optional.of(checkpoint))) {
      measure();
      saveNow();
    }
    Location folder = run.output().resolve("model");
    if (rank.first()) {
      publishModel(folder);
    }
    group.barrier(); // nobody reports a model that is not there
    TrainResult result = new TrainResult(folder, checkpoint, state.step(), state.loss());
    if (rank.first()) {
      run.listener().finished(result);
    }
    return result;
  }

  /**
   * Leaves a model folder that names what it was made from. One that is there from this very run
   * stays.
   */
  private void publishModel(Location folder) {
    Optional<Manifest> there = Manifest.find(run.storage(), folder);
    if (there.isPresent() && there.get().longFact("step") == state.step()) {
      return;
    }
    // A shorter run ended here before it was extended; its checkpoint still has those weights.
    run.storage().delete(folder);
    try (ModelFolderWriter writer = ModelFolderWriter.staged(run.storage(), folder)) {
      writer.config(provenance.config(), Dtype.F32);
      FlatMemory weights = new FlatMemory(objective.parameters().buffer());
      writer.weights(provenance.config(), Dtype.F32, new WeightMemory(weights));
      provenance.tokenizer().ifPresent(from -> writer.tokenizer(from, provenance.config()));
      writer.publish(
          manifest -> {
            provenance.inputs().forEach(manifest::input);
            return manifest
                .configuration(provenance.recipe())
                .fact("step", state.step())
                .fact("updates", state.updates())
                .fact("loss", state.loss())
                .fact("loss-normalisation", provenance.identity().get("loss.normalisation"))
                .fact("seed", config.seed())
                .fact("tokens", state.samples() * config.sequenceLength())
                .fact("samples-by-source", data.mixture().samplesBySource())
                .fact("skipped-steps", state.skipped());
          });
    }
  }

  /** Frees everything; other ranks that still wait learn that this one has gone. */
  @Override
  public void close() {
    resources.close();
  }
}
