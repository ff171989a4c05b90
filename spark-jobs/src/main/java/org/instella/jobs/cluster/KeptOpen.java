package org.instella.jobs.cluster;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * What is expensive to open, handed from a task to the next one of the same process: a model, of
 * which an executor's tasks each ask a part of the questions. Nothing is used by two tasks at a
 * time, so there are at most as many as tasks run side by side; what is kept for another key is
 * closed before something is opened, and what nobody asks for is closed after a while, since no
 * task is told that it was the last.
 *
 * <p>Thread-safe.
 *
 * @param <K> says what it is; equal keys mean that one may stand for the other
 */
public final class KeptOpen<K, T extends AutoCloseable> {
  private record Kept<K, T>(K key, T thing) {}

  private final Executor later;
  private final List<Kept<K, T>> idle = new ArrayList<>();

  /**
   * @param unused how long something waits for the next task
   */
  public KeptOpen(Duration unused) {
    this(CompletableFuture.delayedExecutor(unused.toMillis(), TimeUnit.MILLISECONDS));
  }

  /**
   * @param later runs what it is given when something has waited long enough
   */
  KeptOpen(Executor later) {
    this.later = later;
  }

  /** Something done with a thing that stays open. */
  public interface Use<T, R> {
    R with(T thing);
  }

  /**
   * What the use returns, of a thing that was kept for the key or else is opened. A thing whose use
   * fails is closed.
   */
  public <R> R use(K key, Supplier<T> open, Use<T, R> use) {
    T thing = taken(key);
    if (thing == null) {
      thing = open.get();
    }
    R result;
    try {
      result = use.with(thing);
    } catch (RuntimeException | Error e) {
      try {
        thing.close();
      } catch (Exception suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
    keep(new Kept<>(key, thing));
    return result;
  }

  /** A thing kept for the key, or null, when those kept for others are closed. */
  private T taken(K key) {
    List<Kept<K, T>> others = new ArrayList<>();
    synchronized (idle) {
      for (Kept<K, T> kept : idle) {
        if (kept.key().equals(key)) {
          idle.remove(kept);
          return kept.thing();
        }
        others.add(kept);
      }
      idle.clear();
    }
    others.forEach(KeptOpen::close);
    return null;
  }

  private void keep(Kept<K, T> kept) {
    synchronized (idle) {
      idle.add(kept);
    }
    later.execute(
        () -> {
          boolean unused;
          synchronized (idle) {
            // By identity: taken and given back, it is another Kept and has its own time.
            unused = idle.removeIf(other -> other == kept);
          }
          if (unused) {
            close(kept);
          }
        });
  }

  private static void close(Kept<?, ? extends AutoCloseable> kept) {
    try {
      kept.thing().close();
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException("cannot close " + kept.key(), e);
    }
  }
}
