package org.instella.train.tensorboard;

import java.io.IOException;
import java.time.Clock;
import java.util.Map;
import java.util.TreeMap;
import org.instella.conf.error.EnvironmentException;
import org.instella.conf.storage.GrowingFile;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.conf.storage.StorageError;

/**
 * One TensorBoard event file of scalars. Every attempt of a run writes a file of its own into the
 * same folder; its first event makes readers forget the steps that it makes again.
 *
 * <p>Not for use by two threads at a time.
 */
public final class EventFile implements AutoCloseable {
  private final Location file;
  private final GrowingFile out;
  private final Clock clock;

  private EventFile(Location file, GrowingFile out, Clock clock) {
    this.file = file;
    this.out = out;
    this.clock = clock;
  }

  /**
   * Begins a file.
   *
   * @param folder what TensorBoard is pointed at
   * @param firstStep step of the first scalars to come
   */
  public static EventFile create(Storage storage, Location folder, long firstStep, Clock clock) {
    long millis = clock.millis();
    Location file;
    do { // readers take the files in the order of their names
      file =
          folder.resolve(
              "events.out.tfevents.%010d.%03d.instella".formatted(millis / 1000, millis % 1000));
      millis++;
    } while (storage.exists(file));
    EventFile events = new EventFile(file, storage.grow(file), clock);
    events.write(EventMessage.fileVersion(events.now()));
    events.write(EventMessage.sessionStart(events.now(), firstStep));
    events.show();
    return events;
  }

  /** Adds scalars of a step; what is not finite is left out. */
  public void add(long step, Map<String, Double> values) {
    Map<String, Double> finite = new TreeMap<>(values);
    finite.values().removeIf(value -> !Double.isFinite(value));
    if (!finite.isEmpty()) {
      write(EventMessage.scalars(now(), step, finite));
    }
  }

  private double now() {
    return clock.millis() / 1e3;
  }

  private void write(byte[] event) {
    try {
      out.write(TfRecords.framed(event));
      out.flush();
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private void show() {
    try {
      out.takePlace();
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private EnvironmentException failed(IOException e) {
    return new EnvironmentException(
        StorageError.WRITE_FAILED,
        "Cannot write %s: %s; free space there, or set train.monitor.tensorboard = false"
            .formatted(file, e.getMessage()),
        e);
  }

  @Override
  public void close() {
    try {
      out.close();
    } catch (IOException e) {
      throw failed(e);
    }
  }
}
