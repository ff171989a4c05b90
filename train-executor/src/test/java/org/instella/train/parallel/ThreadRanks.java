package org.instella.train.parallel;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Ranks as threads of one process: what a barrier stage is in production. */
public final class ThreadRanks {
  private final int count;
  private final int generation;
  private final String[] messages;
  private final CyclicBarrier barrier;

  private ThreadRanks(int count, int generation) {
    this.count = count;
    this.generation = generation;
    this.messages = new String[count];
    this.barrier = new CyclicBarrier(count);
  }

  /** What a rank does in its thread. */
  public interface Body<T> {
    T run(Rank rank) throws Exception;
  }

  /** Result or failure of one rank. */
  public record Outcome<T>(T value, Throwable failure) {}

  /** Runs a body as every rank; fails with the first rank's failure, if any. */
  public static <T> List<T> run(int count, Body<T> body) throws Exception {
    List<Outcome<T>> outcomes = outcomes(count, 0, 120, body);
    for (boolean followers : new boolean[] {false, true}) {
      for (Outcome<T> outcome : outcomes) {
        if (outcome.failure() == null || followers != (outcome.failure() instanceof Alone)) {
          continue;
        }
        if (outcome.failure() instanceof Exception e) {
          throw e;
        }
        throw (Error) outcome.failure();
      }
    }
    return outcomes.stream().map(Outcome::value).toList();
  }

  /** A rank came to a barrier that another one will never reach. */
  public static final class Alone extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    Alone(Throwable cause) {
      super("the other ranks did not come to the barrier", cause);
    }
  }

  /** Runs a body as every rank and tells how each ended. */
  public static <T> List<Outcome<T>> outcomes(
      int count, int generation, int timeoutSeconds, Body<T> body) throws Exception {
    ThreadRanks ranks = new ThreadRanks(count, generation);
    List<FutureTask<T>> tasks = new ArrayList<>();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Rank rank = ranks.rank(i);
      FutureTask<T> task =
          new FutureTask<>(
              () -> {
                try {
                  return body.run(rank);
                } finally {
                  // As when a barrier task fails: nobody waits for it any longer.
                  ranks.leave();
                }
              });
      tasks.add(task);
      Thread thread = new Thread(task, "rank-" + i);
      thread.setDaemon(true);
      threads.add(thread);
      thread.start();
    }
    List<Outcome<T>> outcomes = new ArrayList<>();
    for (FutureTask<T> task : tasks) {
      try {
        outcomes.add(new Outcome<>(task.get(timeoutSeconds, TimeUnit.SECONDS), null));
      } catch (ExecutionException e) {
        outcomes.add(new Outcome<>(null, e.getCause()));
      } catch (TimeoutException e) {
        throw new AssertionError("a rank waits for ever", e);
      }
    }
    return outcomes;
  }

  private volatile boolean left;

  private void leave() {
    left = true;
    barrier.reset();
  }

  private void meet() {
    if (left) {
      throw new Alone(null);
    }
    try {
      barrier.await(60, TimeUnit.SECONDS);
    } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
      throw new Alone(e);
    }
  }

  private Rank rank(int index) {
    return new Rank() {
      @Override
      public int index() {
        return index;
      }

      @Override
      public int count() {
        return count;
      }

      @Override
      public List<String> allGather(String message) {
        messages[index] = message;
        meet();
        List<String> gathered = List.of(messages.clone());
        meet();
        return gathered;
      }

      @Override
      public void barrier() {
        meet();
      }

      @Override
      public int generation() {
        return generation;
      }
    };
  }
}
