package org.instella.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.SortedMap;
import org.instella.conf.error.EnvironmentException;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.conf.storage.StorageError;

/**
 * A file with one JSON object per step that goes on where a checkpoint left it: lines of later
 * steps, which will be made again, are dropped, and so is a line that a crash cut short.
 *
 * <p>The kept lines are copied to {@code NAME.next}, which then takes the place of the old file and
 * stays open for writing. A crash in between leaves one of the two, and the next attempt finds it.
 */
final class JsonLines implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Location file;
  private final OutputStream out;

  private JsonLines(Location file, OutputStream out) {
    this.file = file;
    this.out = out;
  }

  /**
   * Opens a file for the lines after {@code lastStep}.
   *
   * @param lastStep lines up to this step are kept
   */
  static JsonLines resume(Storage storage, Location file, long lastStep) {
    Location next = file.parent().resolve(file.name() + ".next");
    if (storage.exists(file)) {
      storage.delete(next);
    } else if (storage.exists(next)) {
      storage.publish(next, file);
    }
    OutputStream out = storage.create(next);
    try {
      if (storage.exists(file)) {
        copy(storage, file, out, lastStep);
      }
      out.flush();
      storage.delete(file);
      storage.publish(next, file);
    } catch (IOException e) {
      throw failed(next, e);
    }
    return new JsonLines(file, out);
  }

  private static void copy(Storage storage, Location file, OutputStream out, long lastStep)
      throws IOException {
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(storage.open(file), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (step(line) <= lastStep) {
          out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        }
      }
    }
  }

  /** The step of a line; that of a broken line is beyond all steps. */
  private static long step(String line) {
    try {
      JsonNode step = JSON.readTree(line).path("step");
      return step.isIntegralNumber() ? step.asLong() : Long.MAX_VALUE;
    } catch (JsonProcessingException e) {
      return Long.MAX_VALUE;
    }
  }

  /** Appends a line and hands it to the operating system. */
  void write(SortedMap<String, Object> fields) {
    try {
      out.write((JSON.writeValueAsString(fields) + "\n").getBytes(StandardCharsets.UTF_8));
      out.flush();
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  private static EnvironmentException failed(Location file, IOException e) {
    return new EnvironmentException(
        StorageError.WRITE_FAILED,
        "Cannot write %s: %s; free space there and run the same command again"
            .formatted(file, e.getMessage()),
        e);
  }

  @Override
  public void close() {
    try {
      out.close();
    } catch (IOException e) {
      throw failed(file, e);
    }
  }
}
