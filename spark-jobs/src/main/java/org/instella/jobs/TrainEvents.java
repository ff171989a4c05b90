package org.instella.jobs;

import java.io.Serializable;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.instella.conf.storage.Location;
import org.instella.jobs.progress.ProgressChannel;
import org.instella.train.Incident;
import org.instella.train.RollBack;
import org.instella.train.StepProgress;
import org.instella.train.TrainListener;
import org.instella.train.TrainResult;
import org.instella.train.monitor.DeviceRate;
import org.instella.train.monitor.ResidentMemory;
import org.instella.train.monitor.StepTimes;

/** Tells the driver how a run goes; a few times a second at most. */
final class TrainEvents implements TrainListener {
  private static final long EVERY_NANOS = 250_000_000L;
  private static final int DOCUMENTS = 8;

  private final String topic;
  private long lastSent = Long.MIN_VALUE;

  TrainEvents(String topic) {
    this.topic = topic;
  }

  /**
   * A run begins, or goes on, at a step.
   *
   * @param flopsCausal operations of a token, attention under its mask
   * @param flopsFull likewise, attention over the whole square
   * @param planMemoryBytes that a rank should need, without the library
   * @param planCheckpointBytes that a checkpoint should have
   */
  record Started(
      long firstStep,
      long steps,
      long parameters,
      long tokensPerStep,
      int ranks,
      int generation,
      double flopsCausal,
      double flopsFull,
      DeviceRate device,
      long planMemoryBytes,
      long planCheckpointBytes)
      implements Serializable {}

  /** A step was made. */
  record Stepped(
      long step,
      long steps,
      double loss,
      double gradientNorm,
      double learningRate,
      StepProgress.Rate rate,
      StepTimes attempt,
      long residentBytes)
      implements Serializable {}

  /** The loss on held-out data was measured. */
  record Measured(long step, TreeMap<String, Double> losses) implements Serializable {}

  /** A checkpoint was published. */
  record Saved(long step, String folder) implements Serializable {}

  /** A step stands out; the first of the documents behind it. */
  record Noted(long step, boolean spike, double loss, double bound, List<String> documents, int of)
      implements Serializable {}

  /** The run goes back to a checkpoint. */
  record RolledBack(long step, long firstPassed, String reason, List<String> documents)
      implements Serializable {}

  /** The last step is made and the model published. */
  record Finished(long step, double loss, StepTimes attempt) implements Serializable {}

  @Override
  public void started(RunShape shape) {
    send(
        new Started(
            shape.firstStep(),
            shape.steps(),
            shape.parameters(),
            shape.tokensPerStep(),
            shape.ranks(),
            shape.generation(),
            shape.flops().causal(),
            shape.flops().full(),
            shape.device(),
            shape.plan().memory().total(),
            shape.plan().checkpointBytes()));
  }

  @Override
  public void stepped(StepProgress progress) {
    long now = System.nanoTime();
    boolean last = progress.step() == progress.steps();
    if (lastSent != Long.MIN_VALUE && now - lastSent < EVERY_NANOS && !last) {
      return;
    }
    lastSent = now;
    send(
        new Stepped(
            progress.step(),
            progress.steps(),
            progress.loss(),
            progress.gradientNorm(),
            progress.learningRate(),
            progress.rate(),
            progress.attempt(),
            ResidentMemory.peakBytes().orElse(0)));
  }

  @Override
  public void measured(long step, SortedMap<String, Double> heldOutLoss) {
    send(new Measured(step, new TreeMap<>(heldOutLoss)));
  }

  @Override
  public void saved(long step, Location checkpoint) {
    send(new Saved(step, checkpoint.name()));
  }

  @Override
  public void noted(Incident incident) {
    List<String> documents = incident.documents();
    send(
        new Noted(
            incident.step(),
            incident.kind() == Incident.Kind.SPIKE,
            incident.loss(),
            incident.bound(),
            first(documents),
            documents.size()));
  }

  @Override
  public void rolledBack(RollBack rollBack) {
    send(
        new RolledBack(
            rollBack.step(),
            rollBack.firstPassed(),
            rollBack.reason(),
            first(rollBack.documents())));
  }

  @Override
  public void finished(TrainResult result, StepTimes times) {
    send(new Finished(result.step(), result.loss(), times));
  }

  private static List<String> first(List<String> documents) {
    return List.copyOf(documents.subList(0, Math.min(DOCUMENTS, documents.size())));
  }

  private void send(Serializable event) {
    ProgressChannel.send(topic, event);
  }
}
