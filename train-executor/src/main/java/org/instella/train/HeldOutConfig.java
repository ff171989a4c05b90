package org.instella.train;

import java.util.List;
import org.instella.conf.settings.Settings;
import org.instella.train.optim.TrainDuration;

/**
 * Measuring the loss on data that is not trained on.
 *
 * @param every time between measurements; one more is made at the end
 * @param sequences how many sequences of each source are read, from its start; the same ones each
 *     time
 * @param sources token data sets kept apart from the training data
 */
public record HeldOutConfig(TrainDuration every, int sequences, List<DataConfig.Source> sources) {

  /** Reads a section {@code held-out}. */
  static HeldOutConfig from(Settings heldOut) {
    return new HeldOutConfig(
        TrainDuration.read(heldOut, "every", "time between measurements", "1000 steps"),
        heldOut.integer("sequences", "sequences read of each source").atLeast(1).orElse(64),
        DataConfig.sources(heldOut));
  }
}
