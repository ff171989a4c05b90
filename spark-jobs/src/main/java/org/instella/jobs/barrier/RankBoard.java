package org.instella.jobs.barrier;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * On the driver: where the ranks of a generation leave messages for each other before they have
 * connections of their own.
 *
 * <p>Spark's barrier would do, but its tasks look for the answer once a second, and a restart meets
 * at least three times.
 */
final class RankBoard {
  private int generation;
  private final Map<Integer, String[]> rounds = new HashMap<>();

  /**
   * A rank's message of a round; said again until all are there.
   *
   * @param round gatherings of this rank so far, the same in all ranks
   * @param ranks that take part
   */
  record Note(int generation, int round, int rank, int ranks, String message)
      implements Serializable {}

  /**
   * How far a round is.
   *
   * @param over whether the driver is in another generation already
   * @param missing ranks that have not come
   * @param messages of all ranks in their order; empty as long as some are missing
   */
  record State(boolean over, ArrayList<Integer> missing, ArrayList<String> messages)
      implements Serializable {

    boolean complete() {
      return !over && missing.isEmpty();
    }
  }

  /** Begins a generation: the notes of older ones are thrown away and their ranks sent home. */
  synchronized void begin(int number) {
    generation = number;
    rounds.clear();
  }

  synchronized State post(Note note) {
    if (note.generation() != generation) {
      return new State(true, new ArrayList<>(), new ArrayList<>());
    }
    String[] messages = rounds.computeIfAbsent(note.round(), any -> new String[note.ranks()]);
    messages[note.rank()] = note.message();
    TreeSet<Integer> missing = new TreeSet<>();
    for (int rank = 0; rank < messages.length; rank++) {
      if (messages[rank] == null) {
        missing.add(rank);
      }
    }
    rounds.remove(note.round() - 2); // all have read it: they have come to the round after
    List<String> all = missing.isEmpty() ? Arrays.asList(messages) : List.of();
    return new State(false, new ArrayList<>(missing), new ArrayList<>(all));
  }
}
