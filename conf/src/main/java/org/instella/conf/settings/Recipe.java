package org.instella.conf.settings;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigSyntax;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import com.typesafe.config.ConfigValueType;
import java.util.List;
import java.util.SortedMap;
import java.util.function.BinaryOperator;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;

/**
 * A HOCON recipe with its includes, the {@code --set} overrides on top, and every {@code ${...}}
 * replaced. Values that only serve to be referred to live under {@code let} and are not checked.
 * Environment variables serve as {@code ${?NAME}}.
 */
public final class Recipe {
  static final String COMMAND_LINE = "--set";
  private static final String VARIABLES = "let";

  private final String name;
  private final Config config;

  private Recipe(String name, Config config) {
    this.name = name;
    this.config = config;
  }

  /**
   * Reads a recipe.
   *
   * @param sets overrides, each {@code key=value}; the value is HOCON, or a plain text where it is
   *     not
   * @throws ConfigurationException naming file and line if the text is no HOCON
   */
  public static Recipe load(Storage storage, Location file, List<String> sets) {
    String text = storage.readText(file);
    try {
      ConfigParseOptions options =
          ConfigParseOptions.defaults()
              .setSyntax(ConfigSyntax.CONF)
              .setOriginDescription(file.name())
              .setIncluder(new StorageIncluder(storage, file));
      return resolved(file.name(), ConfigFactory.parseString(text, options), sets);
    } catch (ConfigException e) {
      throw unreadable(file.uri(), e);
    }
  }

  /** Overrides alone, for a command that was given no recipe. */
  public static Recipe ofSets(List<String> sets) {
    return resolved(COMMAND_LINE, ConfigFactory.empty(), sets);
  }

  /** Reads a recipe from text; {@code name} stands in for the file's name. */
  public static Recipe parse(String hocon, String name) {
    try {
      ConfigParseOptions options =
          ConfigParseOptions.defaults().setSyntax(ConfigSyntax.CONF).setOriginDescription(name);
      return resolved(name, ConfigFactory.parseString(hocon, options), List.of());
    } catch (ConfigException e) {
      throw unreadable(name, e);
    }
  }

  private static Recipe resolved(String name, Config file, List<String> sets) {
    Config config = file;
    for (String set : sets) {
      config = withOverride(config, set);
    }
    try {
      return new Recipe(name, config.resolve());
    } catch (ConfigException e) {
      throw unreadable(name, e);
    }
  }

  private static Config withOverride(Config config, String set) {
    int equals = set.indexOf('=');
    String key = equals < 0 ? set.strip() : set.substring(0, equals).strip();
    if (equals < 0 || key.isEmpty()) {
      throw new ConfigurationException(
          SettingsError.UNREADABLE_RECIPE,
          "--set %s: must be key=value, for example --set train.seed=5796".formatted(set));
    }
    try {
      ConfigUtil.splitPath(key);
      return config.withValue(key, overrideValue(set.substring(equals + 1).strip()));
    } catch (ConfigException e) {
      throw new ConfigurationException(
          SettingsError.UNREADABLE_RECIPE,
          "--set %s: \"%s\" is not a key such as train.seed".formatted(set, key),
          e);
    }
  }

  private static ConfigValue overrideValue(String text) {
    // An unquoted // begins a comment in HOCON, but hdfs://host/path is meant as it stands.
    boolean quoted = text.startsWith("[") || text.startsWith("{") || text.startsWith("\"");
    if (quoted || !text.contains("//")) {
      try {
        ConfigParseOptions options =
            ConfigParseOptions.defaults().setOriginDescription(COMMAND_LINE);
        Config parsed = ConfigFactory.parseString("v = " + text, options);
        if (parsed.root().size() == 1 && !parsed.getIsNull("v")) {
          return parsed.resolve().getValue("v");
        }
      } catch (ConfigException e) {
        // Not HOCON: a plain text such as hdfs://host/path or C:.
        return ConfigValueFactory.fromAnyRef(text, COMMAND_LINE);
      }
    }
    return ConfigValueFactory.fromAnyRef(text, COMMAND_LINE);
  }

  private static ConfigurationException unreadable(String name, ConfigException e) {
    return new ConfigurationException(
        SettingsError.UNREADABLE_RECIPE,
        "Cannot read the recipe %s: %s".formatted(name, e.getMessage()),
        e);
  }

  /**
   * The same recipe with every text value replaced, also those inside lists. What a value came from
   * (file and line) stays, so that later messages still point there.
   *
   * @param change gets the full path of the key and its text
   */
  public Recipe withTexts(BinaryOperator<String> change) {
    return new Recipe(name, ((ConfigObject) withTexts("", config.root(), change)).toConfig());
  }

  private static ConfigValue withTexts(
      String path, ConfigValue value, BinaryOperator<String> change) {
    if (value instanceof ConfigObject object) {
      ConfigObject changed = object;
      for (var entry : object.entrySet()) {
        String key = ConfigUtil.joinPath(entry.getKey());
        String below = path.isEmpty() ? key : path + "." + key;
        changed = changed.withValue(entry.getKey(), withTexts(below, entry.getValue(), change));
      }
      return changed;
    }
    if (value instanceof ConfigList list) {
      List<ConfigValue> changed =
          list.stream().map(element -> withTexts(path, element, change)).toList();
      return ConfigValueFactory.fromIterable(changed).withOrigin(value.origin());
    }
    if (value.valueType() == ConfigValueType.STRING) {
      String text = (String) value.unwrapped();
      String changed = change.apply(path, text);
      return changed.equals(text)
          ? value
          : ConfigValueFactory.fromAnyRef(changed).withOrigin(value.origin());
    }
    return value;
  }

  /** A fresh reading of the recipe, positioned at its root. */
  public Settings root() {
    return Settings.root(new Problems(name), config.root()).ignoring(VARIABLES);
  }

  /** Everything but the variables as flat {@code a.b.c} keys, sorted. */
  public SortedMap<String, String> resolved() {
    return Flattened.of(config.root().withoutKey(VARIABLES));
  }

  /** The resolved recipe as HOCON, for {@code --print-conf}. */
  public String render() {
    StringBuilder text = new StringBuilder();
    resolved().forEach((key, value) -> text.append(key).append(" = ").append(value).append('\n'));
    return text.toString();
  }

  /** The recipe as one JSON text, to send to executors. */
  public String toJson() {
    return config.root().render(ConfigRenderOptions.concise());
  }

  public String name() {
    return name;
  }
}
