package org.instella.train.parallel;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** The ranks of one communicator of {@link StandInCards}. */
final class StandInMeeting {
  private final int ranks;
  private final boolean[] joined;
  private final Map<Long, float[][]> collectives = new HashMap<>();
  private final Map<Long, Integer> taken = new HashMap<>();

  StandInMeeting(int ranks) {
    this.ranks = ranks;
    this.joined = new boolean[ranks];
  }

  /** What a rank brings to a collective. */
  interface Part extends Supplier<float[]> {}

  /** What it does with those of all ranks. */
  interface Take {
    void from(List<float[]> parts);
  }

  static Part copy(Supplier<FloatBuffer> memory) {
    return () -> {
      FloatBuffer there = memory.get();
      float[] values = new float[there.limit()];
      there.get(values);
      return values;
    };
  }

  /** A rank and its count of collectives. */
  final class Member {
    private final int rank;
    private long numbers;
    private boolean aborted;

    private Member(int rank) {
      this.rank = rank;
    }

    int rank() {
      return rank;
    }

    StandInMeeting meeting() {
      return StandInMeeting.this;
    }

    /** Ends the waiting of this rank; the others are not told, as in NCCL. */
    void abort() {
      synchronized (StandInMeeting.this) {
        aborted = true;
        StandInMeeting.this.notifyAll();
      }
    }

    long nextNumber() {
      return numbers++;
    }

    /** Returns when all ranks have brought their parts, or the communicator was aborted. */
    void meet(long number, Part part, Take take) {
      List<float[]> parts = exchange(this, number, part.get());
      if (!parts.isEmpty()) {
        take.from(parts);
      }
    }
  }

  int ranks() {
    return ranks;
  }

  synchronized Member join(int rank) {
    joined[rank] = true;
    notifyAll();
    return new Member(rank);
  }

  synchronized boolean complete() {
    for (boolean one : joined) {
      if (!one) {
        return false;
      }
    }
    return true;
  }

  private synchronized List<float[]> exchange(Member member, long number, float[] mine) {
    float[][] all = collectives.computeIfAbsent(number, any -> new float[ranks][]);
    all[member.rank] = mine;
    notifyAll();
    while (!member.aborted && Arrays.asList(all).contains(null)) {
      try {
        wait();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return List.of();
      }
    }
    if (member.aborted) {
      return List.of();
    }
    if (taken.merge(number, 1, Integer::sum) == ranks) {
      collectives.remove(number);
      taken.remove(number);
    }
    return new ArrayList<>(Arrays.asList(all));
  }
}
