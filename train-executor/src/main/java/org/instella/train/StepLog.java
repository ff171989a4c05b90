package org.instella.train;

import java.time.Clock;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.train.data.Batch;
import org.instella.train.journal.JsonLines;
import org.instella.train.journal.RunFiles;
import org.instella.train.monitor.SpikeDetector;
import org.instella.train.tensorboard.EventFile;

/**
 * The files that a run keeps about its steps: {@code metrics.jsonl} with what an operator plots,
 * {@code ledger.jsonl} with which samples each step used, {@code incidents.jsonl} with steps that
 * stand out, and event files for TensorBoard. Rank 0 only.
 */
final class StepLog implements AutoCloseable {
  private final Resources resources = new Resources();
  private final JsonLines metrics;
  private final JsonLines ledger;
  private final JsonLines incidents;
  private final Optional<EventFile> events;
  private final int every;

  /**
   * Opens the files for the steps after {@code lastStep}.
   *
   * @param spikes is told the losses of the steps before
   */
  StepLog(TrainRun run, TrainConfig config, long lastStep, SpikeDetector spikes) {
    Storage storage = run.storage();
    Location output = run.output();
    every = config.logEvery();
    try {
      metrics =
          resources.own(JsonLines.resume(storage, output.resolve(RunFiles.METRICS), lastStep));
      ledger =
          resources.own(
              JsonLines.resume(
                  storage,
                  output.resolve(RunFiles.LEDGER),
                  lastStep,
                  line -> spikes.remember(line.path("loss").asDouble(Double.NaN))));
      incidents =
          resources.own(JsonLines.resume(storage, output.resolve(RunFiles.INCIDENTS), lastStep));
      events =
          config.monitor().tensorBoard()
              ? Optional.of(
                  resources.own(
                      EventFile.create(
                          storage,
                          output.resolve(RunFiles.TENSORBOARD),
                          lastStep + 1,
                          Clock.systemUTC())))
              : Optional.empty();
    } catch (RuntimeException e) {
      try (resources) {
        throw e;
      }
    }
  }

  void write(Batch.Place place, long fingerprint, StepProgress progress) {
    writeLedger(place, fingerprint, progress);
    boolean due =
        progress.step() % every == 0
            || progress.step() == progress.steps()
            || progress.skipped()
            || progress.spikeBound().isPresent()
            || !progress.weightNorms().isEmpty();
    if (due) {
      metrics.write(line(progress));
      events.ifPresent(file -> file.add(progress.step(), scalars(progress)));
    }
  }

  private void writeLedger(Batch.Place place, long fingerprint, StepProgress progress) {
    SortedMap<String, Object> used = new TreeMap<>();
    used.put("step", progress.step());
    used.put("epoch", place.epoch());
    used.put("position", place.position());
    used.put("samples", place.samples());
    used.put("fingerprint", "%016x".formatted(fingerprint));
    used.put("applied", !progress.skipped());
    used.put("loss", progress.loss());
    ledger.write(used);
  }

  private static SortedMap<String, Object> line(StepProgress progress) {
    SortedMap<String, Object> line = new TreeMap<>();
    line.put("step", progress.step());
    line.put("epoch", progress.epoch());
    line.put("loss", progress.loss());
    line.put("gradient_norm", progress.gradientNorm());
    line.put("learning_rate", progress.learningRate());
    line.put("tokens", progress.tokens());
    line.put("tokens_per_second", progress.rate().tokensPerSecond());
    line.put("tokens_per_second_per_device", progress.rate().tokensPerSecondPerDevice());
    line.put("mfu", progress.rate().mfu());
    line.put("mfu_full_attention", progress.rate().mfuFull());
    line.put("step_seconds", progress.times().total());
    line.put("compute_seconds", progress.times().compute());
    line.put("data_seconds", progress.times().data());
    line.put("communication_seconds", progress.times().communication());
    line.put("checkpoint_seconds", progress.times().checkpoint());
    line.put("skipped", progress.skipped());
    if (progress.spikeBound().isPresent()) {
      line.put("spike_bound", progress.spikeBound().getAsDouble());
    }
    if (!progress.weightNorms().isEmpty()) {
      line.put("weight_norms", progress.weightNorms());
    }
    return line;
  }

  private static Map<String, Double> scalars(StepProgress progress) {
    Map<String, Double> scalars = new TreeMap<>();
    scalars.put("train/loss", progress.loss());
    scalars.put("train/gradient_norm", progress.gradientNorm());
    scalars.put("train/learning_rate", progress.learningRate());
    scalars.put("train/tokens", (double) progress.tokens());
    scalars.put("throughput/tokens_per_second", progress.rate().tokensPerSecond());
    scalars.put(
        "throughput/tokens_per_second_per_device", progress.rate().tokensPerSecondPerDevice());
    scalars.put("throughput/mfu", progress.rate().mfu());
    scalars.put("time/step_seconds", progress.times().total());
    scalars.put("time/data_seconds", progress.times().data());
    scalars.put("time/communication_seconds", progress.times().communication());
    scalars.put("time/checkpoint_seconds", progress.times().checkpoint());
    progress.weightNorms().forEach((kind, norm) -> scalars.put("weight_norm/" + kind, norm));
    return scalars;
  }

  /** A checkpoint may count on the lines so far. */
  void sync() {
    metrics.sync();
    ledger.sync();
    incidents.sync();
  }

  void write(Incident incident) {
    incidents.write(incident.toLine());
  }

  void writeHeldOut(long step, SortedMap<String, Double> losses) {
    SortedMap<String, Object> line = new TreeMap<>();
    line.put("step", step);
    line.put("held_out_loss", losses);
    metrics.write(line);
    Map<String, Double> scalars = new TreeMap<>();
    losses.forEach((source, loss) -> scalars.put("held_out/" + source, loss));
    events.ifPresent(file -> file.add(step, scalars));
  }

  @Override
  public void close() {
    resources.close();
  }
}
