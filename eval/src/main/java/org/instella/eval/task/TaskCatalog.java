package org.instella.eval.task;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.settings.Nearest;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;

/**
 * Finds tasks by what a user writes after {@code --tasks}:
 *
 * <ul>
 *   <li>a name of the catalogue, {@code piqa::olmo1}
 *   <li>a suite, {@code instella-base}: several names at once
 *   <li>a task file of one's own, {@code path/to/mine.conf}
 *   <li>a folder or file of ready requests, {@code …/piqa/rc_0shot} or {@code …/requests.jsonl.gz}
 *   <li>questions in the plain format, {@code path/to/mine.jsonl}: {@code
 *       {"id","context","choices","gold"}}
 * </ul>
 */
public final class TaskCatalog {
  private static final String FOLDER = "tasks/";
  private static final String REQUESTS = "requests.jsonl";

  private final Map<String, String> files = new LinkedHashMap<>();
  private final Map<String, List<String>> suites = new LinkedHashMap<>();

  private TaskCatalog() {
    for (String line : resource("catalogue.txt").lines().toList()) {
      String[] words = line.strip().split("\\s+");
      if (words.length >= 3 && words[0].equals("suite")) {
        suites.put(words[1], List.of(words).subList(2, words.length));
      } else if (words.length == 2 && !words[0].startsWith("#")) {
        files.put(words[0], words[1]);
      }
    }
  }

  /** The tasks that come with this version. */
  public static TaskCatalog standard() {
    return new TaskCatalog();
  }

  /** Names of all tasks, in the order of the catalogue. */
  public List<String> names() {
    return List.copyOf(files.keySet());
  }

  /** Names of all suites with their members. */
  public Map<String, List<String>> suites() {
    return Map.copyOf(suites);
  }

  /**
   * The tasks that the references stand for, in their order.
   *
   * @param data folder that relative paths are looked for in, after the working folder
   * @throws ConfigurationException for a name that is neither a task nor a path, with near names
   */
  public List<EvalTask> tasks(Storage storage, Location data, List<String> references) {
    List<EvalTask> tasks = new ArrayList<>();
    for (String reference : references) {
      for (String name : suites.getOrDefault(reference, List.of(reference))) {
        tasks.add(task(storage, data, name));
      }
    }
    return tasks;
  }

  /** One task of the catalogue, by name. */
  public EvalTask task(String name) {
    String file = files.get(name);
    if (file == null) {
      throw unknown(name);
    }
    return TaskReader.read(name, resource(file), FOLDER + file);
  }

  private EvalTask task(Storage storage, Location data, String reference) {
    if (files.containsKey(reference)) {
      return task(reference);
    }
    Location place = find(storage, data, reference).orElseThrow(() -> unknown(reference));
    String stem = place.name().replaceFirst("\\.(conf|jsonl|jsonl\\.gz)$", "");
    if (place.name().endsWith(".conf")) {
      return TaskReader.read(stem, storage.readText(place), place.name());
    }
    if (place.name().startsWith(REQUESTS)) {
      return requestFile(place.parent(), place);
    }
    if (!storage.stat(place).folder()) {
      return task("choices").over(stem, place.uri());
    }
    for (String name : List.of(REQUESTS + ".gz", REQUESTS)) {
      if (storage.exists(place.resolve(name))) {
        return requestFile(place, place.resolve(name));
      }
    }
    throw new ConfigurationException(
        TaskError.UNKNOWN_TASK,
        "Task %s: the folder has neither %s.gz nor %s".formatted(reference, REQUESTS, REQUESTS));
  }

  /** {@code …/piqa/rc_0shot/requests.jsonl.gz} is the task {@code piqa:rc_0shot}. */
  private EvalTask requestFile(Location folder, Location file) {
    String name = folder.parent().name() + ":" + folder.name();
    return files.containsKey(name)
        ? task(name).over(name, file.uri())
        : task("requests").over(name, file.uri());
  }

  private static Optional<Location> find(Storage storage, Location data, String reference) {
    List<Location> candidates = new ArrayList<>(List.of(Location.of(reference)));
    if (!reference.startsWith("/") && !reference.contains("://") && !reference.contains("..")) {
      candidates.add(data.resolve(reference));
    }
    return candidates.stream().filter(storage::exists).findFirst();
  }

  private ConfigurationException unknown(String reference) {
    TreeSet<String> known = new TreeSet<>(files.keySet());
    known.addAll(suites.keySet());
    String hint =
        Nearest.of(reference, known)
            .map(near -> "did you mean %s?".formatted(near))
            .orElse("known tasks: " + String.join(", ", known));
    return new ConfigurationException(
        TaskError.UNKNOWN_TASK,
        "Task \"%s\" is neither in the catalogue nor a file: %s".formatted(reference, hint));
  }

  private static String resource(String name) {
    try (InputStream in = TaskCatalog.class.getClassLoader().getResourceAsStream(FOLDER + name)) {
      if (in == null) {
        throw new IllegalStateException("the task file " + FOLDER + name + " is not in the jar");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read the resource " + name, e);
    }
  }
}
