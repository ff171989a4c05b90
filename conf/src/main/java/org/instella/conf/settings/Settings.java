package org.instella.conf.settings;

import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * One section of a recipe. A config record takes its values from here, once, in its static {@code
 * from(Settings)}:
 *
 * <pre>{@code
 * new OptimizerConfig(
 *     settings.number("learning-rate", "peak of the schedule").in(openClosed(0, 1)).required(),
 *     settings.integer("warmup-steps", "steps of linear warm-up").atLeast(0).orElse(0));
 * }</pre>
 *
 * <p>Reading never throws: what is wrong is gathered, and {@link #finish} says all of it at once,
 * unknown keys included.
 */
public final class Settings {
  private static final ConfigObject EMPTY = ConfigFactory.empty().root();

  private final Reading reading;
  private final String path;
  private final ConfigObject object;
  private final Set<String> declared = new TreeSet<>();

  private Settings(Reading reading, String path, ConfigObject object) {
    this.reading = reading;
    this.path = path;
    this.object = object;
  }

  static Settings root(Problems problems, ConfigObject object) {
    return new Reading(problems, false).at("", object);
  }

  /** Settings without a recipe, under which every key only describes itself. */
  public static Settings describing(String path) {
    return new Reading(new Problems(""), true).at(path, EMPTY);
  }

  /** What one reading of a recipe gathers, over all its sections. */
  private record Reading(
      Problems problems, boolean describing, Map<String, Settings> sections, List<KeyDoc> docs) {
    Reading(Problems problems, boolean describing) {
      this(problems, describing, new LinkedHashMap<>(), new ArrayList<>());
    }

    /** One object per path: two readers of a section share what they declare. */
    Settings at(String path, ConfigObject object) {
      return sections.computeIfAbsent(path, key -> new Settings(this, key, object));
    }
  }

  public NumberKey number(String key, String help) {
    return new NumberKey(this, key, help);
  }

  /** A Java {@code int}. */
  public IntegerKey integer(String key, String help) {
    return new IntegerKey(this, key, help);
  }

  /** A Java {@code long}. */
  public LongKey longInteger(String key, String help) {
    return new LongKey(this, key, help);
  }

  public TextKey text(String key, String help) {
    return new TextKey(this, key, help);
  }

  public FlagKey flag(String key, String help) {
    return new FlagKey(this, key, help);
  }

  public <E extends Enum<E>> ChoiceKey<E> choice(String key, String help, Class<E> choices) {
    return new ChoiceKey<>(this, key, help, choices);
  }

  public DurationKey duration(String key, String help) {
    return new DurationKey(this, key, help);
  }

  public BytesKey bytes(String key, String help) {
    return new BytesKey(this, key, help);
  }

  public ListKey<String> texts(String key, String help) {
    return new ListKey<>(this, key, help, text(key, help));
  }

  public ListKey<Integer> integers(String key, String help) {
    return new ListKey<>(this, key, help, integer(key, help));
  }

  public ListKey<Double> numbers(String key, String help) {
    return new ListKey<>(this, key, help, number(key, help));
  }

  /** A section below; one that is not there reads as empty, so its required keys are missed. */
  public Settings section(String key, String help) {
    declareSection(key, help);
    return reading.at(path(key), objectOrProblem(key, value(key)));
  }

  /** A section below, empty where it is not there. */
  public Optional<Settings> optionalSection(String key, String help) {
    declareSection(key, help);
    ConfigValue value = value(key);
    if (value == null && !reading.describing()) {
      return Optional.empty();
    }
    return Optional.of(reading.at(path(key), objectOrProblem(key, value)));
  }

  /** A list of sections: {@code sources = [{...}, {...}]}. */
  public List<Settings> sections(String key, String help) {
    declareSection(key, help);
    if (reading.describing()) {
      return List.of(reading.at(path(key) + "[]", EMPTY));
    }
    ConfigValue value = value(key);
    if (value == null) {
      return List.of();
    }
    if (!(value instanceof ConfigList list)) {
      problem(key, "must be a list of sections");
      return List.of();
    }
    List<Settings> sections = new ArrayList<>();
    for (int i = 0; i < list.size(); i++) {
      String entry = key + "[" + i + "]";
      sections.add(reading.at(path(entry), objectOrProblem(entry, list.get(i))));
    }
    return sections;
  }

  /**
   * Sections under names of the user's choice, sorted by name: {@code steps { a {...}, b {...} }}.
   */
  public SortedMap<String, Settings> named(String key, String help) {
    declareSection(key, help);
    SortedMap<String, Settings> sections = new TreeMap<>();
    if (reading.describing()) {
      sections.put("NAME", reading.at(path(key) + ".NAME", EMPTY));
      return sections;
    }
    objectOrProblem(key, value(key))
        .forEach(
            (name, value) -> {
              String entry = key + "." + name;
              sections.put(name, reading.at(path(entry), objectOrProblem(entry, value)));
            });
    return sections;
  }

  /** Keys that belong to another reader of the same recipe: neither read nor unknown here. */
  public Settings ignoring(String... keys) {
    declared.addAll(List.of(keys));
    return this;
  }

  /** Marks everything in this section as known, for a reader that takes it raw, secrets and all. */
  public SortedMap<String, String> raw() {
    declared.addAll(object.keySet());
    return Flattened.whole(object);
  }

  /** Says that something is wrong with a key, or with several of which it is the first. */
  public void problem(String key, String message) {
    if (!reading.describing()) {
      reading.problems().add(path(key), rawValue(key), message);
    }
  }

  public boolean has(String key) {
    return value(key) != null;
  }

  /** The full path of this section; empty at the root. */
  public String path() {
    return path;
  }

  /** Everything below here as flat {@code a.b.c} keys: what a manifest keeps. */
  public SortedMap<String, String> resolved() {
    return Flattened.of(object);
  }

  /** The keys read so far under {@link #describing}, in reading order. */
  public List<KeyDoc> docs() {
    return List.copyOf(reading.docs());
  }

  /**
   * Ends the reading of the whole recipe.
   *
   * @throws org.instella.conf.error.ConfigurationException listing every problem: wrong type, out
   *     of range, missing, and unknown keys with the nearest valid one
   */
  public void finish() {
    if (reading.describing()) {
      return;
    }
    for (Settings section : reading.sections().values()) {
      section.reportUnknownKeys();
    }
    reading.problems().throwIfAny();
  }

  private void reportUnknownKeys() {
    for (String key : new TreeSet<>(object.keySet())) {
      if (!declared.contains(key)) {
        String hint =
            Nearest.of(key, declared)
                .map(near -> "; did you mean " + near + "?")
                .orElse("; known here: " + String.join(", ", declared));
        reading.problems().addKey(path(key), object.get(key), "unknown key" + hint);
      }
    }
  }

  boolean describing() {
    return reading.describing();
  }

  void declare(String key, KeyDoc doc) {
    declared.add(key);
    if (reading.describing()) {
      reading.docs().add(doc);
    }
  }

  private void declareSection(String key, String help) {
    declare(key, new KeyDoc(path(key), "section", "", "", help));
  }

  String path(String key) {
    return path.isEmpty() ? key : path + "." + key;
  }

  /** Null where the key is not there, or is null in the recipe. */
  ConfigValue value(String key) {
    ConfigValue value = rawValue(key);
    return value == null || value.valueType() == ConfigValueType.NULL ? null : value;
  }

  private ConfigValue rawValue(String key) {
    return object.get(key);
  }

  private ConfigObject objectOrProblem(String key, ConfigValue value) {
    if (value instanceof ConfigObject section) {
      return section;
    }
    if (value != null) {
      reading.problems().add(path(key), value, "must be a section { ... }");
    }
    return EMPTY;
  }
}
