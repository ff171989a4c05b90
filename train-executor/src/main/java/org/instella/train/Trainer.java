package org.instella.train;

import java.util.Optional;
import java.util.SortedMap;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.error.StoppedException;
import org.instella.conf.storage.Location;
import org.instella.model.torch.TorchDevice;
import org.instella.model.transformer.Decoder;
import org.instella.model.transformer.DecoderSettings;
import org.instella.model.transformer.FlatParameters;
import org.instella.model.transformer.TransformerConfig;
import org.instella.train.checkpoint.TrainerState;
import org.instella.train.monitor.StepTimes;
import org.instella.train.objective.NextToken;
import org.instella.train.objective.Objective;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One rank of one training stage: makes steps, saves, and leaves a model folder.
 *
 * <p>Exact to the bit: the result depends on the recipe and the data alone, not on the number of
 * ranks, nor on how often the run was interrupted. See {@code docs/proving-numerics.md}.
 */
public final class Trainer {
  private static final Logger log = LoggerFactory.getLogger(Trainer.class);

  // With what.
  private final TrainConfig config;
  private final TrainRun run;
  private final RunParts parts;
  private final RunCalendar calendar;
  private final TrainStep step;

  // Where it stands.
  private TrainerState state;
  private Optional<Location> savedAt;

  /** Makes the network of a run. */
  interface ObjectiveFactory {
    /**
     * Makes the objective; its weights are fresh where {@code freshSeed} is given, else of no
     * matter.
     *
     * @param device of this rank
     * @param model shape of the network
     */
    Objective create(
        TrainConfig config, TorchDevice device, TransformerConfig model, Optional<Long> freshSeed);
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
    while (true) { // train.loss.roll-backs bounds it
      try (RunParts parts = new RunParts(config, run, factory)) {
        return new Trainer(parts).train();
      } catch (RollBackRequired agreed) {
        log.info("rank {} starts again after the {}", run.rank().index(), agreed.getMessage());
      }
    }
  }

  private static Objective nextToken(
      TrainConfig config, TorchDevice device, TransformerConfig model, Optional<Long> freshSeed) {
    DecoderSettings settings = config.compute().decoderSettings();
    return new NextToken(
        freshSeed.isPresent()
            ? Decoder.initialise(model, freshSeed.get(), device, settings)
            : new Decoder(FlatParameters.allocate(model, device), settings));
  }

  private Trainer(RunParts parts) {
    this.config = parts.config;
    this.run = parts.run;
    this.parts = parts;
    this.calendar = parts.calendar;
    this.step = new TrainStep(parts);
    this.state = parts.start.state();
    this.savedAt = parts.resumedFrom;
  }

  private TrainResult train() {
    try {
      announce();
      if (state.step() < calendar.lastStep()) {
        step.rehearse(state);
        if (config.checkpoint().background() && calendar.anotherCheckpointDue(state.step())) {
          parts.checkpoints.makeRoom(parts.objective.parameters().buffer(), parts.moments);
        }
        if (state.step() == 0 && config.checkpoint().first()) {
          saveNow();
        }
      }
      StepClock clock = new StepClock(parts);
      while (state.step() < calendar.lastStep()) {
        boolean stop = step(clock);
        boolean save = calendar.checkpointDue(state.step());
        if (calendar.heldOutDue(state.step()) || (save && config.checkpoint().keepBest() > 0)) {
          measure(); // before the checkpoint, which carries the loss
        }
        if (save && !stop) {
          clock.halt(this::save);
        }
        if (stop && state.step() < calendar.lastStep()) {
          stop();
        }
      }
      return finish(clock);
    } catch (StoppedException | RollBackRequired e) {
      throw e;
    } catch (RuntimeException | Error e) {
      // The ranks no longer agree: no collectives from here on, only the reason.
      parts.group.abort(String.valueOf(e.getMessage()));
      throw e;
    }
  }

  private void announce() {
    parts.monitor.ifPresent(monitor -> monitor.started(state));
    log.info(
        "training rank={} ranks={} generation={} first-step={} last-step={} samples={} parameters={}",
        parts.rank.index(),
        parts.rank.count(),
        parts.rank.generation(),
        state.step() + 1,
        calendar.lastStep(),
        parts.data.mixture().samples(),
        parts.provenance.config().parameterCount());
  }

  /**
   * Makes one step and tells of it.
   *
   * @return whether some rank was asked to stop
   */
  private boolean step(StepClock clock) {
    TrainStep.Outcome outcome = step.make(state);
    state = state.after(config.globalBatch(), outcome.loss(), outcome.skipped());
    StepTimes times = clock.stepEnded();
    parts.monitor.ifPresent(monitor -> monitor.stepped(state, outcome, times, clock));
    return outcome.stop();
  }

  private void measure() {
    if (parts.heldOut.isPresent()) {
      SortedMap<String, Double> losses = parts.heldOut.get().measure(parts.objective, parts.group);
      double sum = losses.values().stream().reduce(0.0, Double::sum);
      state = state.measured(sum / losses.size());
      parts.monitor.ifPresent(monitor -> monitor.measured(state.step(), losses));
    }
  }

  private void save() {
    if (config.checkpoint().background()) {
      parts.checkpoints.saveInBackground(
          state, parts.objective.parameters().buffer(), parts.moments);
    } else {
      saveNow();
    }
  }

  private void saveNow() {
    parts.checkpoints.saveNow(state, parts.objective.parameters().buffer(), parts.moments);
    savedAt = Optional.of(parts.checkpoints.of(state.step()));
  }

  private void stop() {
    saveNow();
    throw new StoppedException(
        TrainError.STOP_REQUESTED,
        "Stopped after step %d of %d as asked; the checkpoint is %s and the same command goes on from there"
            .formatted(state.step(), calendar.lastStep(), parts.checkpoints.of(state.step())));
  }

  private TrainResult finish(StepClock clock) {
    clock.halt(parts.checkpoints::settle);
    Location checkpoint = parts.checkpoints.of(state.step());
    if (!savedAt.equals(Optional.of(checkpoint))) {
      measure();
      clock.halt(this::saveNow);
    }
    FinalModel model = new FinalModel(parts);
    clock.halt(
        () -> {
          if (parts.rank.first()) {
            model.publish(state);
          }
          parts.group.barrier(); // nobody reports a model that is not there
        });
    TrainResult result = new TrainResult(model.folder(), checkpoint, state.step(), state.loss());
    if (parts.rank.first()) {
      run.listener().finished(result, clock.finish());
    }
    return result;
  }
}
