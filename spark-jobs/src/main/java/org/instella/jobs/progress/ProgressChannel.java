package org.instella.jobs.progress;

import java.io.Serializable;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.instella.conf.error.EnvironmentException;
import org.instella.jobs.JobError;
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
  private static final Map<String, UnaryOperator<Serializable>> responders =
      new ConcurrentHashMap<>();
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

  /** Driver: answers every question about {@code topic}, from many threads at once. */
  public static Subscription respond(String topic, UnaryOperator<Serializable> responder) {
    responders.put(topic, responder);
    return () -> responders.remove(topic, responder);
  }

  /**
   * Executor: asks the driver; unlike what is told, a question can fail.
   *
   * @return the answer, which may be null
   * @throws EnvironmentException if the driver cannot be asked, or nobody there knows the topic
   */
  public static Serializable ask(String topic, Serializable question) {
    ProgressPlugin.Driver there = driver;
    try {
      return there != null ? there.ask(topic, question) : answer(topic, question);
    } catch (EnvironmentException e) {
      throw e;
    } catch (Exception e) {
      throw new EnvironmentException(
          JobError.SPARK_FAILED, "The driver cannot be asked: " + e.getMessage(), e);
    }
  }

  static Serializable answer(String topic, Serializable question) {
    UnaryOperator<Serializable> responder = responders.get(topic);
    if (responder == null) {
      throw new EnvironmentException(
          JobError.STAGE_FAILED, "The driver has ended what %s belongs to".formatted(topic));
    }
    return responder.apply(question);
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
