package org.instella.train.journal;

import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.train.monitor.StepTimes;

/**
 * The driver's journal of a run, {@code journal.jsonl}: attempts, checkpoints, losses, and where
 * the time went. It is never cut: what was lost stays on record, over any number of restarts.
 *
 * <p>Safe for use by several threads.
 */
public final class RunJournal implements AutoCloseable {
  /** Steps are written down so often at most; a killed driver loses the account of that much. */
  private static final long STEPS_EVERY_MILLIS = 10_000;

  private final Supplier<JsonLines> file;
  private final Clock clock;
  private final GoodputMeter meter = new GoodputMeter();
  private final List<SortedMap<String, Object>> heldBack = new ArrayList<>();
  private Optional<JsonLines> lines = Optional.empty();
  private long lastSteps;

  private RunJournal(Supplier<JsonLines> file, Clock clock) {
    this.file = file;
    this.clock = clock;
  }

  /**
   * Opens the journal of a run for another command that works on it. Where there was none, nothing
   * is written before the first attempt or {@link #keep}: a run that was refused leaves no trace.
   */
  public static RunJournal open(Storage storage, Location output, Clock clock) {
    Location place = output.resolve(RunFiles.JOURNAL);
    List<JournalEntry> before = read(storage, output);
    RunJournal journal =
        new RunJournal(() -> JsonLines.append(storage, place, sameAsBefore -> {}), clock);
    before.forEach(journal.meter::add);
    if (!before.isEmpty()) {
      journal.keep();
    }
    journal.write(JournalEntry.Kind.DRIVER, 0, StepTimes.NONE, new TreeMap<>());
    return journal;
  }

  /** From here on everything is written down at once, and what was held back first. */
  public synchronized void keep() {
    if (lines.isEmpty()) {
      JsonLines opened = file.get();
      heldBack.forEach(opened::write);
      heldBack.clear();
      lines = Optional.of(opened);
    }
  }

  /** Reads a journal that may still be written; empty where there is none. */
  public static List<JournalEntry> read(Storage storage, Location output) {
    List<JournalEntry> entries = new ArrayList<>();
    JsonLines.read(
        storage,
        output.resolve(RunFiles.JOURNAL),
        line -> JournalEntry.parse(line).ifPresent(entries::add));
    return entries;
  }

  /** All ranks are ready for {@code firstStep}. */
  public synchronized void attempt(long firstStep, Map<String, String> facts) {
    keep();
    write(JournalEntry.Kind.ATTEMPT, firstStep, StepTimes.NONE, facts);
  }

  /**
   * Steps were made; written down from time to time.
   *
   * @param times of this attempt so far
   */
  public synchronized void steps(long step, StepTimes times, Map<String, String> facts) {
    if (clock.millis() - lastSteps >= STEPS_EVERY_MILLIS) {
      lastSteps = clock.millis();
      write(JournalEntry.Kind.STEPS, step, times, facts);
    }
  }

  /** Anything else, with the times of the attempt so far. */
  public synchronized void write(
      JournalEntry.Kind kind, long step, StepTimes times, Map<String, String> facts) {
    JournalEntry entry = new JournalEntry(clock.millis(), kind, step, times, new TreeMap<>(facts));
    meter.add(entry);
    if (lines.isPresent()) {
      lines.get().write(entry.toLine());
    } else {
      heldBack.add(entry.toLine());
    }
  }

  /** Where the time went, up to the last line. */
  public synchronized Goodput goodput() {
    return meter.sum();
  }

  @Override
  public synchronized void close() {
    lines.ifPresent(JsonLines::close);
  }
}
