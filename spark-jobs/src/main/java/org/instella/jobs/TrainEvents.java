package org.instella.jobs;

import java.io.Serializable;
import java.util.SortedMap;
import java.util.TreeMap;
import org.instella.conf.storage.Location;
import org.instella.jobs.progress.ProgressChannel;
import org.instella.train.StepProgress;
import org.instella.train.TrainListener;

/** Tells the driver how a run goes; a few times a second at most. */
final class TrainEvents implements TrainListener {
  private static final long EVERY_NANOS = 250_000_000L;

  private final String topic;
  private long lastSent = Long.MIN_VALUE;

  TrainEvents(String topic) {
    this.topic = topic;
  }

  /** A run begins, or goes on, at a step. */
  record Started(long firstStep, long steps, long parameters, int ranks, int generation)
      implements Serializable {}

  /** A step was made. */
  record Stepped(
      long step,
      long steps,
      double loss,
      double gradientNorm,
      double learningRate,
      double tokensPerSecond,
      double secondsLeft)
      implements Serializable {}

  /** The loss on held-out data was measured. */
  record Measured(long step, TreeMap<String, Double> losses) implements Serializable {}

  /** A checkpoint was published. */
  record Saved(long step, String folder) implements Serializable {}

  @Override
  public void started(RunShape shape) {
    send(
        new Started(
            shape.firstStep(),
            shape.steps(),
            shape.parameters(),
            shape.ranks(),
            shape.generation()));
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
            progress.tokensPerSecond(),
            progress.secondsLeft()));
  }

  @Override
  public void measured(long step, SortedMap<String, Double> heldOutLoss) {
    send(new Measured(step, new TreeMap<>(heldOutLoss)));
  }

  @Override
  public void saved(long step, Location checkpoint) {
    send(new Saved(step, checkpoint.name()));
  }

  private void send(Serializable event) {
    ProgressChannel.send(topic, event);
  }
}
