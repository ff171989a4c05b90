package org.instella.train.monitor;

import java.util.Optional;
import org.instella.conf.settings.Settings;

/**
 * What a run watches. None of it changes a weight.
 *
 * @param spikes when a loss counts as a spike
 * @param weightNormsEvery steps between measurements of the norms of the weights
 * @param tensorBoard whether TensorBoard event files are written
 * @param device name whose peak the MFU refers to; empty: that of the card, or the measured one
 */
public record MonitorConfig(
    SpikeRule spikes, int weightNormsEvery, boolean tensorBoard, Optional<String> device) {

  /** Reads a section {@code monitor}. */
  public static MonitorConfig from(Settings monitor) {
    return new MonitorConfig(
        new SpikeRule(
            monitor
                .integer("spike-window", "steps before a loss that it is compared with")
                .atLeast(SpikeRule.LEAST)
                .orElse(100),
            monitor
                .number("spike-deviations", "a loss so many deviations above the median is a spike")
                .greaterThan(0)
                .orElse(8.0)),
        monitor
            .integer("weight-norms-every", "steps between measurements of the weights' norms")
            .atLeast(1)
            .orElse(50),
        monitor.flag("tensorboard", "write TensorBoard event files").orElse(true),
        monitor.text("device", "name whose peak the MFU refers to, such as MI300X").optional());
  }
}
