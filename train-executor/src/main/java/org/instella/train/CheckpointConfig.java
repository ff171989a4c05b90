package org.instella.train;

import java.util.Optional;
import org.instella.conf.settings.Settings;
import org.instella.train.optim.TrainDuration;

/**
 * When checkpoints are written and which stay.
 *
 * @param every time between checkpoints; one more is written at the end
 * @param keep how many of the newest stay
 * @param keepEvery checkpoints at multiples of this stay for ever; empty: none
 * @param keepBest so many with the least loss on held-out data stay besides
 * @param first whether one is written before the first step, which proves early that it can be
 * @param background whether the bytes leave from a copy while the next steps run
 */
public record CheckpointConfig(
    TrainDuration every,
    int keep,
    Optional<TrainDuration> keepEvery,
    int keepBest,
    boolean first,
    boolean background) {

  /** Reads a section {@code checkpoint}. */
  static CheckpointConfig from(Settings checkpoint) {
    return new CheckpointConfig(
        TrainDuration.read(checkpoint, "every", "time between checkpoints", "1000 steps"),
        checkpoint.integer("keep", "how many of the newest stay").atLeast(1).orElse(2),
        TrainDuration.read(checkpoint, "keep-every", "checkpoints at multiples of this stay"),
        checkpoint
            .integer("keep-best", "so many with the least held-out loss stay besides")
            .atLeast(0)
            .orElse(0),
        checkpoint.flag("first", "write one before the first step").orElse(false),
        checkpoint.flag("background", "write while the next steps run").orElse(true));
  }
}
