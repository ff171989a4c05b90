package org.instella.eval.task;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.instella.conf.error.DataException;
import org.instella.conf.storage.FileEntry;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;

/**
 * Rows of a benchmark from local or remote files: JSON lines ({@code .jsonl}, {@code .jsonl.gz}),
 * one JSON document ({@code .json}, with {@code #/pointer} to its list), Arrow ({@code .arrow},
 * stream or file) and Parquet ({@code .parquet}). A folder stands for its files of these kinds.
 */
final class ItemFiles {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Storage storage;
  private final Location data;

  ItemFiles(Storage storage, Location data) {
    this.storage = storage;
    this.data = data;
  }

  /** Rows of the first of {@code places} that exists. */
  List<Item> read(String task, List<String> places) {
    for (String place : places) {
      int mark = place.indexOf("#/");
      Location location = locate(mark < 0 ? place : place.substring(0, mark));
      if (storage.exists(location)) {
        List<Item> items = readPlace(location, mark < 0 ? "" : place.substring(mark + 1));
        if (items.isEmpty()) {
          throw new DataException(
              TaskError.MISSING_ITEMS, "Task %s: %s has no rows".formatted(task, location));
        }
        return items;
      }
    }
    throw new DataException(
        TaskError.MISSING_ITEMS,
        places.isEmpty()
            ? "Task %s names no file; give it one as task-data".formatted(task)
            : "Task %s: none of %s is under %s; put the file there or name it as task-data"
                .formatted(task, places, data));
  }

  private Location locate(String place) {
    return place.startsWith("/") || place.contains("://")
        ? Location.of(place)
        : data.resolve(place);
  }

  private List<Item> readPlace(Location place, String pointer) {
    List<Item> items = new ArrayList<>();
    if (!storage.stat(place).folder()) {
      readFile(place, pointer, items);
      return items;
    }
    for (FileEntry entry : storage.list(place)) {
      if (!entry.folder()
          && Format.of(entry.location().name()) != Format.OTHER
          && !entry.location().name().endsWith(".json")) {
        readFile(entry.location(), pointer, items);
      }
    }
    return items;
  }

  private void readFile(Location file, String pointer, List<Item> items) {
    switch (Format.of(file.name())) {
      case LINES -> readLines(file, items);
      case DOCUMENT -> readDocument(file, pointer, items);
      case ARROW -> ArrowRows.read(storage, file, items);
      case PARQUET -> ParquetRows.read(storage, file, items);
      case OTHER ->
          throw new DataException(
              TaskError.MISSING_ITEMS,
              "%s: rows are read from .jsonl, .jsonl.gz, .json, .arrow and .parquet files"
                  .formatted(file));
    }
  }

  private void readLines(Location file, List<Item> items) {
    long line = 0;
    try (InputStream bytes = storage.open(file);
        InputStream plain = file.name().endsWith(".gz") ? new GZIPInputStream(bytes) : bytes;
        BufferedReader reader =
            new BufferedReader(new InputStreamReader(plain, StandardCharsets.UTF_8))) {
      for (String text = reader.readLine(); text != null; text = reader.readLine()) {
        line++;
        if (!text.isBlank()) {
          String origin = file + " line " + line;
          items.add(new Item(object(text, origin), origin));
        }
      }
    } catch (EOFException | ZipException e) {
      throw new DataException(
          TaskError.BAD_ITEM,
          "%s is a damaged gzip file after line %d: %s".formatted(file, line, e.getMessage()),
          e);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + file, e);
    }
  }

  private void readDocument(Location file, String pointer, List<Item> items) {
    JsonNode root = parse(storage.readText(file), file.toString());
    JsonNode list = pointer.isEmpty() ? root : root.at(pointer);
    if (!list.isArray()) {
      throw new DataException(
          TaskError.BAD_ITEM,
          "%s has no list%s".formatted(file, pointer.isEmpty() ? "" : " at " + pointer));
    }
    for (JsonNode entry : list) {
      String origin = "%s entry %d".formatted(file, items.size() + 1);
      if (!(entry instanceof ObjectNode object)) {
        throw new DataException(TaskError.BAD_ITEM, origin + " is no object");
      }
      items.add(new Item(object, origin));
    }
  }

  private static ObjectNode object(String text, String origin) {
    if (parse(text, origin) instanceof ObjectNode object) {
      return object;
    }
    throw new DataException(TaskError.BAD_ITEM, origin + " is no JSON object");
  }

  private static JsonNode parse(String text, String origin) {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new DataException(
          TaskError.BAD_ITEM, "%s is no JSON: %s".formatted(origin, e.getOriginalMessage()), e);
    }
  }

  private enum Format {
    LINES,
    DOCUMENT,
    ARROW,
    PARQUET,
    OTHER;

    static Format of(String name) {
      if (name.endsWith(".jsonl") || name.endsWith(".jsonl.gz")) {
        return LINES;
      }
      if (name.endsWith(".json")) {
        return DOCUMENT;
      }
      if (name.endsWith(".arrow")) {
        return ARROW;
      }
      return name.endsWith(".parquet") ? PARQUET : OTHER;
    }
  }
}
