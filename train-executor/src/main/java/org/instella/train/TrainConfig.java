package org.instella.train;

import java.util.Optional;
import org.instella.conf.settings.Range;
import org.instella.conf.settings.Settings;
import org.instella.conf.storage.Location;
import org.instella.model.transformer.TransformerConfig;
import org.instella.train.monitor.MonitorConfig;
import org.instella.train.optim.AdamW;
import org.instella.train.optim.Schedule;
import org.instella.train.optim.TrainDuration;
import org.instella.train.parallel.TcpOptions;

/**
 * One training stage as its recipe describes it.
 *
 * @param seed of the order of samples; with dropout 0 it decides nothing else
 * @param sequenceLength tokens in a sample
 * @param globalBatch sequences in a step, over all ranks
 * @param microBatch sequences computed at once; part of the recipe, because another one rounds
 *     differently
 * @param duration length of the run
 * @param extend whether a run may be resumed with another duration
 * @param logEvery steps between two lines of metrics
 * @param model shape of a fresh model; empty if the start brings one
 * @param tokenizer {@code tokenizer.json} that goes into the model folders; empty if the start
 *     brings one
 */
public record TrainConfig(
    long seed,
    int sequenceLength,
    int globalBatch,
    int microBatch,
    TrainDuration duration,
    boolean extend,
    int logEvery,
    Optional<TransformerConfig> model,
    Optional<Location> tokenizer,
    ComputeConfig compute,
    DataConfig data,
    StartConfig start,
    AdamW optimizer,
    Schedule schedule,
    LossConfig loss,
    CheckpointConfig checkpoint,
    Optional<HeldOutConfig> heldOut,
    MonitorConfig monitor,
    TcpOptions group) {

  /** Reads a section {@code train}. */
  public static TrainConfig from(Settings train) {
    TrainConfig config =
        new TrainConfig(
            train.longInteger("seed", "seed of the order of samples").atLeast(0).required(),
            train
                .integer("sequence-length", "tokens in a sample")
                .in(Range.closed(2, 1 << 20))
                .required(),
            train
                .integer("global-batch", "sequences in a step, over all ranks")
                .atLeast(1)
                .required(),
            train.integer("micro-batch", "sequences computed at once").atLeast(1).required(),
            TrainDuration.require(
                train,
                "duration",
                "length of the run, such as 1 epochs, 2000 steps or 57.575B tokens"),
            train.flag("extend", "allow resuming with another duration").orElse(false),
            train.integer("log-every", "steps between two lines of metrics").atLeast(1).orElse(1),
            train.optionalSection("model", "shape of a fresh model").map(TransformerConfig::from),
            train
                .text("tokenizer", "tokenizer.json that goes into the model folders")
                .optional()
                .map(Location::of),
            ComputeConfig.from(train.section("compute", "how a rank computes")),
            DataConfig.from(train.section("data", "what the run reads")),
            StartConfig.from(train.section("start", "where the weights come from")),
            AdamW.from(train.section("optimizer", "AdamW and clipping")),
            Schedule.from(train.section("schedule", "learning rate over time")),
            LossConfig.from(train.section("loss", "how the loss is formed and guarded")),
            CheckpointConfig.from(train.section("checkpoint", "when checkpoints are written")),
            train
                .optionalSection("held-out", "loss on data not trained on")
                .map(HeldOutConfig::from),
            MonitorConfig.from(train.section("monitor", "what the run watches")),
            TcpOptions.from(train.section("group", "patience between ranks")));
    config.check(train);
    return config;
  }

  private void check(Settings train) {
    if (globalBatch % microBatch != 0) {
      train.problem(
          "micro-batch",
          "must divide global-batch, but %d does not divide %d".formatted(microBatch, globalBatch));
    }
    if (start.from() == StartConfig.From.INITIALISE && model.isEmpty()) {
      train.problem("model", "missing; a fresh model needs its shape here, or set start.from");
    }
    if (start.from() != StartConfig.From.INITIALISE && model.isPresent()) {
      train.problem(
          "model", "goes with start.from = initialise; else the shape comes with the weights");
    }
    if (checkpoint.keepBest() > 0 && heldOut.isEmpty()) {
      train.problem(
          "checkpoint.keep-best",
          "needs a section held-out: the best checkpoint is that with the least loss there");
    }
    model.ifPresent(
        shape -> {
          if (shape.maxPositions() < sequenceLength) {
            train.problem(
                "sequence-length",
                "must be at most model.max-positions, which is " + shape.maxPositions());
          }
        });
  }

  /** Micro-batches in a step, over all ranks. */
  public int microBatches() {
    return globalBatch / microBatch;
  }

  /** Tokens read in a step. */
  public long tokensPerStep() {
    return (long) globalBatch * sequenceLength;
  }
}
