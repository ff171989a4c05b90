package org.instella.train.journal;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.Collections;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.instella.train.monitor.StepTimes;

/**
 * Something that happened to a run, as its driver saw it.
 *
 * @param millis when, in milliseconds since 1970
 * @param kind what
 * @param step the step it concerns; of an attempt its first one
 * @param times of rank 0 from the first step of the attempt up to here; zero where it says nothing
 * @param facts in words and numbers: why, where, of what shape
 */
public record JournalEntry(
    long millis, Kind kind, long step, StepTimes times, SortedMap<String, String> facts) {

  /** What can happen to a run. */
  public enum Kind {
    /** A command began to work on the run. */
    DRIVER,
    /** All ranks are ready for a first step. */
    ATTEMPT,
    /** Steps were made since the last line. */
    STEPS,
    /** A checkpoint was published. */
    SAVED,
    /** An attempt ended early; another one follows. */
    LOST,
    /** The run goes back behind a step whose loss was not finite. */
    ROLLED_BACK,
    /** The run was asked to stop, or gave up. */
    STOPPED,
    /** The last step is made and the model is published. */
    FINISHED
  }

  public JournalEntry {
    facts = Collections.unmodifiableSortedMap(new TreeMap<>(facts));
  }

  SortedMap<String, Object> toLine() {
    SortedMap<String, Object> line = new TreeMap<>();
    line.put("at", millis);
    line.put("kind", kind.name().toLowerCase(Locale.ROOT));
    line.put("step", step);
    if (times.total() > 0) {
      line.put("seconds", times.total());
      line.put("data_seconds", times.data());
      line.put("communication_seconds", times.communication());
      line.put("checkpoint_seconds", times.checkpoint());
    }
    if (!facts.isEmpty()) {
      line.put("facts", facts);
    }
    return line;
  }

  /** Empty for a kind that a later version may have added. */
  static Optional<JournalEntry> parse(JsonNode line) {
    String name = line.path("kind").asText().toUpperCase(Locale.ROOT);
    SortedMap<String, String> facts = new TreeMap<>();
    line.path("facts")
        .fields()
        .forEachRemaining(fact -> facts.put(fact.getKey(), fact.getValue().asText()));
    return Arrays.stream(Kind.values())
        .filter(kind -> kind.name().equals(name))
        .findFirst()
        .map(
            kind ->
                new JournalEntry(
                    line.path("at").asLong(),
                    kind,
                    line.path("step").asLong(),
                    new StepTimes(
                        line.path("seconds").asDouble(),
                        line.path("data_seconds").asDouble(),
                        line.path("communication_seconds").asDouble(),
                        line.path("checkpoint_seconds").asDouble()),
                    facts));
  }
}
