package org.instella.train;

import java.util.Optional;
import org.instella.conf.settings.Settings;
import org.instella.conf.storage.Location;

/**
 * Where the weights of a run come from when it has no checkpoint of its own yet.
 *
 * @param from kind of start
 * @param path model folder or checkpoint; empty for fresh weights
 * @param optimizer whether Adam's moments and update count are taken over (checkpoints only)
 * @param trainer whether the step number is taken over, so that schedules go on (checkpoints only)
 * @param seed of fresh weights
 */
public record StartConfig(
    From from, Optional<Location> path, State optimizer, State trainer, long seed) {

  /** Kind of start. */
  public enum From {
    /** Fresh weights, a pure function of the seed. */
    INITIALISE,
    /** Weights of a model folder; moments start at zero. */
    MODEL,
    /** A checkpoint of another run, such as the end of stage 1. */
    CHECKPOINT
  }

  /** What happens to a part of a checkpoint of another run. */
  public enum State {
    KEEP,
    RESET
  }

  /** Reads a section {@code start}. */
  static StartConfig from(Settings start) {
    From from =
        start.choice("from", "where the weights come from", From.class).orElse(From.INITIALISE);
    Optional<Location> path =
        start.text("path", "model folder or checkpoint to start from").optional().map(Location::of);
    if (from == From.INITIALISE && path.isPresent()) {
      start.problem("path", "goes with from = model or from = checkpoint, not with initialise");
    }
    if (from != From.INITIALISE && path.isEmpty()) {
      start.problem("path", "missing; name the folder to start from");
    }
    return new StartConfig(
        from,
        path,
        start
            .choice("optimizer", "Adam's moments of the checkpoint: keep or reset", State.class)
            .orElse(State.KEEP),
        start
            .choice("trainer", "step number of the checkpoint: keep or reset", State.class)
            .orElse(State.RESET),
        start.longInteger("seed", "seed of fresh weights").atLeast(0).orElse(0L));
  }
}
