package org.instella.jobs.progress;

import java.io.Serializable;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Events from executors to whoever listens on the driver, by topic. Sending never fails the sender:
 * progress is a courtesy.
 */
public final class ProgressChannel {
  private static final Logger log = LoggerFactory.getLogger(ProgressChannel.class);
  private static final long QUESTION_EVERY_NANOS = 500_000_000L;

  private static final Map<String, Consumer<Serializable>> listeners = new ConcurrentHashMap<>();
  private static final AtomicLong lastQuestion = new AtomicLong(Long.MIN_VALUE);
  private static volatile ProgressPlugin.Driver driver;
  private static volatile boolean stop;

  private ProgressChannel() {}

  /** A listener that stops listening when it is closed. */
  public interface Subscription extends AutoCloseable {
    @Override
    void close();
  }

  /** Driver: hears every event of {@code topic}. */
  public static Subscription listen(String topic, Consumer<Serializable> listener) {
    listeners.put(topic, listener);
    return () -> listeners.remove(topic, listener);
  }

  /** Executor: tells the driver. */
  public static void send(String topic, Serializable content) {
    ProgressPlugin.Driver there = driver;
    try {
      if (there != null) {
        there.send(topic, content);
      } else {
        deliver(topic, content);
      }
    } catch (RuntimeException e) {
      log.debug("progress not delivered topic={}", topic, e);
    }
  }

  /** Executor: true when the driver was asked to stop. Asks the driver at most twice a second. */
  public static boolean stopRequested() {
    if (StopSignal.requested()) { // the driver's own process
      return true;
    }
    ProgressPlugin.Driver there = driver;
    long now = System.nanoTime();
    long last = lastQuestion.get();
    if (there != null
        && (last == Long.MIN_VALUE || now - last > QUESTION_EVERY_NANOS)
        && lastQuestion.compareAndSet(last, now)) {
      stop = there.stopRequested();
    }
    return stop;
  }

  static void connect(ProgressPlugin.Driver newDriver) {
    driver = newDriver;
    stop = false;
  }

  static void deliver(String topic, Serializable content) {
    Consumer<Serializable> listener = listeners.get(topic);
    if (listener != null) {
      listener.accept(content);
    }
  }
}
