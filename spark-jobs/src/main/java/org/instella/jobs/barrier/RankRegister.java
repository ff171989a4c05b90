package org.instella.jobs.barrier;

import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.instella.jobs.progress.ProgressChannel;

/**
 * What the driver knows of the ranks of a stage: where those of the newest generation run, when it
 * last heard of them, and which have come to their end. The ranks tell it themselves; one that is
 * killed or frozen cannot, and so is known by its silence.
 */
public final class RankRegister implements AutoCloseable {
  private final String topic = "ranks-" + UUID.randomUUID();
  private final Map<Integer, Entry> running = new TreeMap<>();
  private final RankBoard board = new RankBoard();
  private final ProgressChannel.Subscription subscription =
      ProgressChannel.listen(topic, this::hear);
  private final ProgressChannel.Subscription answers =
      ProgressChannel.respond(topic, note -> board.post((RankBoard.Note) note));
  private int generation;

  /** A rank is there; said when it begins and once a second after that. */
  record Alive(RankProcess process) implements Serializable {}

  /** A rank has ended, in whatever way, and its memory is free. */
  record Ended(int generation, int rank) implements Serializable {}

  private record Entry(RankProcess process, long heardNanos) {}

  /** Begins a generation: what is left of older ones is forgotten. */
  synchronized RankPresence.Token begin(int number) {
    generation = number;
    running.clear();
    board.begin(number);
    return new RankPresence.Token(topic, number);
  }

  private synchronized void hear(Serializable event) {
    if (event instanceof Alive alive && alive.process().generation() == generation) {
      running.put(alive.process().rank(), new Entry(alive.process(), System.nanoTime()));
    } else if (event instanceof Ended ended && ended.generation() == generation) {
      running.remove(ended.rank());
    }
  }

  /** Ranks of the newest generation that have begun and not said that they ended. */
  public synchronized List<RankProcess> running() {
    return running.values().stream().map(Entry::process).toList();
  }

  /** Those of them that have said nothing for longer than a time. */
  synchronized List<RankProcess> silent(Duration longerThan) {
    long now = System.nanoTime();
    List<RankProcess> silent = new ArrayList<>();
    for (Entry entry : running.values()) {
      if (now - entry.heardNanos() > longerThan.toNanos()) {
        silent.add(entry.process());
      }
    }
    return silent;
  }

  /** Counts the silence of every rank anew, after the driver itself could not listen. */
  synchronized void forgive() {
    running.replaceAll((rank, entry) -> new Entry(entry.process(), System.nanoTime()));
  }

  @Override
  public void close() {
    subscription.close();
    answers.close();
  }
}
