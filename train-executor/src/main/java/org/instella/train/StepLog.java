package org.instella.train;

import java.util.SortedMap;
import java.util.TreeMap;
import org.instella.train.data.Batch;

/**
 * The two files that a run keeps about its steps: {@code metrics.jsonl} with what an operator
 * plots, {@code ledger.jsonl} with which samples each step used. Rank 0 only.
 */
final class StepLog implements AutoCloseable {
  static final String METRICS = "metrics.jsonl";
  static final String LEDGER = "ledger.jsonl";

  private final JsonLines metrics;
  private final JsonLines ledger;
  private final int every;

  private StepLog(JsonLines metrics, JsonLines ledger, int every) {
    this.metrics = metrics;
    this.ledger = ledger;
    this.every = every;
  }

  /** Opens both files for the steps after {@code lastStep}. */
  static StepLog resume(TrainRun run, TrainConfig config, long lastStep) {
    JsonLines metrics = JsonLines.resume(run.storage(), run.output().resolve(METRICS), lastStep);
    try {
      JsonLines ledger = JsonLines.resume(run.storage(), run.output().resolve(LEDGER), lastStep);
      return new StepLog(metrics, ledger, config.logEvery());
    } catch (RuntimeException e) {
      try (metrics) {
        throw e;
      }
    }
  }

  void write(Batch.Place place, long fingerprint, StepProgress progress) {
    SortedMap<String, Object> used = new TreeMap<>();
    used.put("step", progress.step());
    used.put("epoch", place.epoch());
    used.put("position", place.position());
    used.put("samples", place.samples());
    used.put("fingerprint", "%016x".formatted(fingerprint));
    used.put("applied", !progress.skipped());
    ledger.write(used);
    boolean due =
        progress.step() % every == 0 || progress.step() == progress.steps() || progress.skipped();
    if (!due) {
      return;
    }
    SortedMap<String, Object> line = new TreeMap<>();
    line.put("step", progress.step());
    line.put("epoch", progress.epoch());
    line.put("loss", progress.loss());
    line.put("gradient_norm", progress.gradientNorm());
    line.put("learning_rate", progress.learningRate());
    line.put("tokens", progress.tokens());
    line.put("tokens_per_second", progress.tokensPerSecond());
    line.put("step_seconds", progress.stepSeconds());
    line.put("data_seconds", progress.dataSeconds());
    line.put("communication_seconds", progress.communicationSeconds());
    line.put("checkpoint_seconds", progress.checkpointSeconds());
    line.put("skipped", progress.skipped());
    metrics.write(line);
  }

  void writeHeldOut(long step, SortedMap<String, Double> losses) {
    SortedMap<String, Object> line = new TreeMap<>();
    line.put("step", step);
    line.put("held_out_loss", losses);
    metrics.write(line);
  }

  @Override
  public void close() {
    try (metrics) {
      ledger.close();
    }
  }
}
