package org.instella.train;

import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.instella.conf.storage.Location;
import org.instella.model.checkpoint.ModelFolder;
import org.instella.model.torch.FlatBuffer;
import org.instella.model.torch.TorchDevice;
import org.instella.model.transformer.OptimizerKernels;
import org.instella.train.checkpoint.CheckpointReader;
import org.instella.train.checkpoint.CheckpointWriter;
import org.instella.train.checkpoint.Checkpoints;
import org.instella.train.checkpoint.Snapshot;
import org.instella.train.checkpoint.WeightMemory;
import org.instella.train.data.DataLoader;
import org.instella.train.objective.Objective;
import org.instella.train.optim.GradientTree;
import org.instella.train.parallel.ProcessGroup;
import org.instella.train.parallel.Rank;

/**
 * Everything one rank of an attempt works with, opened in the order in which one needs the other,
 * and freed in reverse.
 */
final class RunParts implements AutoCloseable {
  private static final int STEPS_READ_AHEAD = 2;

  private final Resources resources = new Resources();

  // What is to be done.
  final TrainConfig config;
  final TrainRun run;
  final Rank rank;
  final RunData data;
  final RunCalendar calendar;
  final Snapshot.Provenance provenance;
  final StartingPoint start;

  /** First step of the run; 1, or behind that of a parent whose trainer state was kept. */
  final long firstStep;

  final RollBacks rollBacks;

  /** The run's own checkpoint that this attempt goes on from. */
  final Optional<Location> resumedFrom;

  // With what.
  final Objective objective;
  final ProcessGroup group;
  final OptimizerKernels kernels;
  final Moments moments;
  final GradientTree gradients;
  final GradientReduction reduction;
  final DataLoader loader;
  final Optional<HeldOut> heldOut;
  final CheckpointDuty checkpoints;

  /** On rank 0 only. */
  final Optional<RunMonitor> monitor;

  RunParts(TrainConfig config, TrainRun run, Trainer.ObjectiveFactory factory) {
    this.config = config;
    this.run = run;
    this.rank = run.rank();
    try {
      RankFit.requireBatch(config, rank);
      TorchDevice device = config.compute().torchDevice(rank);
      data = RunData.open(run.storage(), config);
      if (config.data().verify()) {
        data.verify(run.storage(), rank);
      }
      calendar = RunCalendar.of(config, data.units(config));
      rollBacks = RollBacks.read(run.storage(), run.output());
      Optional<CheckpointReader> own = StartingPoint.newest(run, rollBacks);
      resumedFrom = own.map(CheckpointReader::folder);
      StartingPoint recipe = StartingPoint.ofRecipe(run.storage(), config);
      firstStep = recipe.state().step() + 1;
      start = start(recipe, own);
      data.requireFits(start.model());
      provenance = provenance();
      objective = resources.own(factory.create(config, device, start.model(), freshSeed()));
      FlatBuffer weights = objective.parameters().buffer();
      RankFit.requireSlices(weights.length(), rank);
      start.weights().ifPresent(folder -> loadWeights(folder, weights));
      group =
          resources.own(
              ProcessGroup.join(
                  rank, config.group(), config.compute().reduction(), weights.device()));
      kernels = resources.own(new OptimizerKernels(weights.device()));
      moments = resources.own(new Moments(objective.parameters(), group.slice(weights.length())));
      start.moments().ifPresent(from -> moments.load(from, weights.length()));
      gradients =
          resources.own(
              new GradientTree(
                  objective.parameters(),
                  kernels,
                  config.compute().reduction(),
                  config.microBatches(),
                  rank.count()));
      reduction = resources.own(new GradientReduction(group));
      loader = resources.own(openLoader());
      heldOut = config.heldOut().map(h -> HeldOut.open(run.storage(), config, h, data));
      checkpoints = resources.own(openCheckpoints());
      monitor = rank.first() ? Optional.of(resources.own(new RunMonitor(this))) : Optional.empty();
    } catch (RuntimeException e) {
      try (resources) {
        throw e;
      }
    }
  }

  private StartingPoint start(StartingPoint recipe, Optional<CheckpointReader> own) {
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

  private Optional<Long> freshSeed() {
    return start.weights().isPresent() ? Optional.empty() : Optional.of(config.start().seed());
  }

  private Snapshot.Provenance provenance() {
    SortedMap<String, String> inputs = new TreeMap<>(start.parents());
    inputs.putAll(data.inputs());
    return new Snapshot.Provenance(
        start.model(), inputs, run.recipe(), RunIdentity.of(config), start.tokenizer());
  }

  private void loadWeights(Location folder, FlatBuffer weights) {
    try (ModelFolder model = ModelFolder.open(run.storage(), folder)) {
      weights.writeOnHost(host -> model.load(new WeightMemory(new FlatMemory(host))));
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
        start.state().step() + 1,
        STEPS_READ_AHEAD);
  }

  private CheckpointDuty openCheckpoints() {
    Checkpoints places = new Checkpoints(run.storage(), run.output());
    return new CheckpointDuty(
        new CheckpointWriter(run.storage(), run.output(), rank, provenance),
        places,
        new Checkpoints.Retention(
            config.checkpoint().keep(), calendar.keepEvery(), config.checkpoint().keepBest()),
        group,
        kernels,
        () -> monitor.ifPresent(RunMonitor::sync),
        saved -> run.listener().saved(saved.step(), places.of(saved.step())));
  }

  /** Frees everything; other ranks that still wait learn that this one has gone. */
  @Override
  public void close() {
    resources.close();
  }
}
