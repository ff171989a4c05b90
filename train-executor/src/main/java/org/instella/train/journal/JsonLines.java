package org.instella.train.journal;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.instella.conf.error.EnvironmentException;
import org.instella.conf.storage.GrowingFile;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.conf.storage.StorageError;

/**
 * A file with one JSON object per step that goes on where a checkpoint left it: lines of later
 * steps, which will be made again, are dropped, and so is a line that a crash cut short.
 *
 * <p>The kept lines are copied to a file that then takes the place of the old one and goes on
 * growing. A crash in between leaves one of the two, and the next attempt finds it.
 */
public final class JsonLines implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Location file;
  private final GrowingFile out;

  private JsonLines(Location file, GrowingFile out) {
    this.file = file;
    this.out = out;
  }

  /**
   * Opens a file for the lines after {@code lastStep}.
   *
   * @param lastStep lines up to this step are kept
   */
  public static JsonLines resume(Storage storage, Location file, long lastStep) {
    return resume(storage, file, lastStep, line -> {});
  }

  /**
   * Opens a file for the lines after {@code lastStep}.
   *
   * @param kept hears of every line that stays, in order
   */
  public static JsonLines resume(
      Storage storage, Location file, long lastStep, Consumer<JsonNode> kept) {
    return open(storage, file, line -> step(line) <= lastStep, kept);
  }

  /** Opens a file whose sound lines all stay. */
  public static JsonLines append(Storage storage, Location file, Consumer<JsonNode> kept) {
    return open(storage, file, line -> true, kept);
  }

  /** Hears every sound line of a file that may still be written; none where there is no file. */
  public static void read(Storage storage, Location file, Consumer<JsonNode> heard) {
    Location there = GrowingFile.latest(storage, file);
    if (!storage.exists(there)) {
      return;
    }
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(storage.open(there), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        parse(line).ifPresent(heard);
      }
    } catch (IOException e) {
      throw new EnvironmentException(
          StorageError.READ_FAILED, "Cannot read %s: %s".formatted(there, e.getMessage()), e);
    }
  }

  private static JsonLines open(
      Storage storage, Location file, Predicate<JsonNode> stays, Consumer<JsonNode> kept) {
    GrowingFile out = storage.grow(file);
    try {
      if (storage.exists(file)) {
        copy(storage, file, out, stays, kept);
      }
      out.takePlace();
    } catch (IOException e) {
      throw failed(file, e);
    }
    return new JsonLines(file, out);
  }

  private static void copy(
      Storage storage,
      Location file,
      GrowingFile out,
      Predicate<JsonNode> stays,
      Consumer<JsonNode> kept)
      throws IOException {
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(storage.open(file), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        Optional<JsonNode> parsed = parse(line).filter(stays);
        if (parsed.isPresent()) {
          out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
          kept.accept(parsed.get());
        }
      }
    }
  }

  /** The step of a line; one without a step is beyond all steps. */
  private static long step(JsonNode line) {
    JsonNode step = line.path("step");
    return step.isIntegralNumber() ? step.asLong() : Long.MAX_VALUE;
  }

  /** Empty for a line that a crash has cut short. */
  private static Optional<JsonNode> parse(String line) {
    try {
      return Optional.of(JSON.readTree(line)).filter(JsonNode::isObject);
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
  }

  /** Appends a line, which readers see soon. */
  public void write(SortedMap<String, Object> fields) {
    try {
      out.write((JSON.writeValueAsString(fields) + "\n").getBytes(StandardCharsets.UTF_8));
      out.flush();
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  /** Returns when the lines so far would survive this process and its machine's power. */
  public void sync() {
    try {
      out.sync();
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
