package org.instella.jobs.chaos;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.instella.conf.error.InstellaException;
import org.instella.conf.settings.ChoiceKey;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.jobs.barrier.RankProcess;
import org.instella.train.journal.JsonLines;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What was done to a run and how it healed: one line of the log and of {@code chaos.jsonl} for each
 * fault, once the run has made a step that it had not made before the fault.
 */
final class FaultLog implements AutoCloseable {
  /** File of the output folder; lines are added, also by the next run of the same command. */
  static final String FILE = "chaos.jsonl";

  private static final Logger log = LoggerFactory.getLogger(FaultLog.class);

  private final Storage storage;
  private final Location output;
  private final List<Injury> open = new ArrayList<>();
  private final List<Double> healed = new ArrayList<>();
  private Optional<JsonLines> lines = Optional.empty();
  private int generation = -1;
  private long furthest;
  private long firstStep;

  /** A fault and what is known of its healing. */
  private static final class Injury {
    final int number;
    final Fault fault;
    final RankProcess victim;
    final long furthest;
    final long nanos = System.nanoTime();
    double secondsToAnyStep = Double.NaN;
    long stepsAgain;

    Injury(int number, Fault fault, RankProcess victim, long furthest) {
      this.number = number;
      this.fault = fault;
      this.victim = victim;
      this.furthest = furthest;
    }

    double seconds() {
      return (System.nanoTime() - nanos) / 1e9;
    }
  }

  FaultLog(Storage storage, Location output) {
    this.storage = storage;
    this.output = output;
  }

  /** Whether the run has made its first step. */
  synchronized boolean runs() {
    return furthest > 0;
  }

  synchronized void began(int number, long first) {
    generation = number;
    firstStep = first;
  }

  synchronized void injected(int number, Fault fault, RankProcess victim) {
    open.add(new Injury(number, fault, victim, furthest));
    log.warn(
        "chaos: fault {}: {} to rank {} (process {}, generation {}) at step {}",
        number,
        fault.text(),
        victim.rank(),
        victim.pid(),
        victim.generation(),
        furthest);
  }

  synchronized void stepped(long step) {
    // Steps that were on their way when the fault came are not its healing.
    for (Injury injury : List.copyOf(open)) {
      if (generation > injury.victim.generation()) {
        if (Double.isNaN(injury.secondsToAnyStep)) {
          injury.secondsToAnyStep = injury.seconds();
          injury.stepsAgain = Math.max(0, injury.furthest - firstStep + 1);
        }
        if (step > injury.furthest) {
          open.remove(injury);
          heal(injury);
        }
      }
    }
    furthest = Math.max(furthest, step);
  }

  private void heal(Injury injury) {
    double seconds = injury.seconds();
    healed.add(seconds);
    log.warn(
        "chaos: fault {} healed in {} s (a step after {} s, {} steps made again)",
        injury.number,
        "%.1f".formatted(seconds),
        "%.1f".formatted(injury.secondsToAnyStep),
        injury.stepsAgain);
    SortedMap<String, Object> line = new TreeMap<>();
    line.put("fault", injury.number);
    line.put("kind", ChoiceKey.nameOf(injury.fault));
    line.put("rank", injury.victim.rank());
    line.put("generation", injury.victim.generation());
    line.put("step", injury.furthest);
    line.put("seconds_to_a_step", rounded(injury.secondsToAnyStep));
    line.put("seconds_to_a_new_step", rounded(seconds));
    line.put("steps_again", injury.stepsAgain);
    append(line);
  }

  private static double rounded(double seconds) {
    return Math.round(seconds * 1000) / 1000.0;
  }

  private void append(SortedMap<String, Object> line) {
    try {
      if (lines.isEmpty()) {
        lines = Optional.of(JsonLines.append(storage, output.resolve(FILE), earlier -> {}));
      }
      lines.get().write(line);
    } catch (InstellaException e) {
      log.warn("chaos: {} not written reason={}", FILE, e.getMessage());
    }
  }

  synchronized void summarise() {
    if (!healed.isEmpty()) {
      List<Double> sorted = healed.stream().sorted().toList();
      log.warn(
          "chaos: {} faults healed, median {} s, longest {} s",
          sorted.size(),
          "%.1f".formatted(sorted.get(sorted.size() / 2)),
          "%.1f".formatted(sorted.get(sorted.size() - 1)));
    }
  }

  @Override
  public synchronized void close() {
    try {
      lines.ifPresent(JsonLines::close);
    } catch (InstellaException e) {
      log.warn("chaos: {} not complete reason={}", FILE, e.getMessage());
    }
  }
}
