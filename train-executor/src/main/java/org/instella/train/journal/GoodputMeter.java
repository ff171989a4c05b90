package org.instella.train.journal;

import java.util.List;
import org.instella.train.monitor.StepTimes;

/**
 * Adds up a {@link Goodput} from the lines of a journal.
 *
 * <p>Between two lines that say where time went, every millisecond is given to exactly one part:
 * first to what rank 0 measured, the rest to what the driver knows (nothing ran, an attempt was
 * being set up). So the parts add up to the wall time by construction.
 */
public final class GoodputMeter {
  private boolean empty = true;
  private long lastMillis;
  private StepTimes seen = StepTimes.NONE;
  private long seenStep;
  private long highestStep;
  private boolean settingUp;

  private double compute;
  private double data;
  private double communication;
  private double checkpoint;
  private double restart;
  private double recompute;
  private double idle;

  /** The sum over a whole journal. */
  public static Goodput of(List<JournalEntry> entries) {
    GoodputMeter meter = new GoodputMeter();
    entries.forEach(meter::add);
    return meter.sum();
  }

  /** Takes the next line. */
  public void add(JournalEntry entry) {
    if (empty) {
      empty = false;
      lastMillis = entry.millis();
    }
    // A clock that was set back costs nothing.
    double gap = Math.max(0, entry.millis() - lastMillis) / 1e3;
    switch (entry.kind()) {
      case DRIVER -> idle += gap;
      case ATTEMPT -> {
        restart += gap;
        settingUp = true;
        seen = StepTimes.NONE;
        seenStep = entry.step() - 1;
        highestStep = Math.max(highestStep, seenStep);
      }
      case LOST -> restart += gap;
      case STEPS, STOPPED, FINISHED -> addSteps(gap, entry);
      case SAVED, ROLLED_BACK -> {
        return; // they have no time of their own
      }
    }
    lastMillis = Math.max(lastMillis, entry.millis());
  }

  private void addSteps(double gap, JournalEntry entry) {
    boolean silent = entry.times().total() == 0; // a stop that rank 0 could not measure
    StepTimes spent = silent ? StepTimes.NONE : entry.times().minus(seen);
    // Messages travel: a line may tell of more than fits behind the one before.
    double fits = spent.total() > gap ? gap / spent.total() : 1;
    double again = entry.step() > seenStep ? madeBefore(entry.step()) : 0;
    recompute += fits * again * spent.total();
    compute += fits * (1 - again) * spent.compute();
    data += fits * (1 - again) * spent.data();
    communication += fits * (1 - again) * spent.communication();
    checkpoint += fits * (1 - again) * spent.checkpoint();
    double rest = gap - fits * spent.total();
    if (settingUp) {
      restart += rest;
    } else {
      idle += rest;
    }
    if (!silent) {
      settingUp = false;
      seen = entry.times();
      seenStep = entry.step();
      highestStep = Math.max(highestStep, seenStep);
    }
  }

  /** Share of the steps up to {@code step} that an earlier attempt had made. */
  private double madeBefore(long step) {
    return Math.max(0, Math.min(step, highestStep) - seenStep) / (double) (step - seenStep);
  }

  /** The parts so far. */
  public Goodput sum() {
    return new Goodput(compute, data, communication, checkpoint, restart, recompute, idle);
  }
}
