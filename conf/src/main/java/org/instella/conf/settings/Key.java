package org.instella.conf.settings;

import com.typesafe.config.ConfigValue;
import java.util.Optional;

/**
 * One key about to be read. Ends in {@link #required}, {@link #orElse} or {@link #optional}. After
 * a problem it returns a value that is allowed, so that the other keys are checked too; {@link
 * Settings#finish} then throws.
 */
public abstract class Key<T> {
  private final Settings settings;
  private final String key;
  private final String help;

  Key(Settings settings, String key, String help) {
    this.settings = settings;
    this.key = key;
    this.help = help;
  }

  /** The value of a key that has to be there. */
  public final T required() {
    settings.declare(key, doc("required"));
    ConfigValue value = settings.value(key);
    if (value == null) {
      if (!settings.describing()) {
        settings.problem(key, "missing; " + help + rangeText());
      }
      return placeholder();
    }
    return readOrPlaceholder(value);
  }

  /** The value, or {@code fallback} where the key is not there. */
  public final T orElse(T fallback) {
    settings.declare(key, doc(show(fallback)));
    ConfigValue value = settings.value(key);
    return value == null ? fallback : readOrPlaceholder(value);
  }

  /** The value, or empty where the key is not there. */
  public final Optional<T> optional() {
    settings.declare(key, doc("none"));
    ConfigValue value = settings.value(key);
    return value == null ? Optional.empty() : Optional.of(readOrPlaceholder(value));
  }

  private T readOrPlaceholder(ConfigValue value) {
    try {
      return read(value);
    } catch (BadValue e) {
      settings.problem(key, e.getMessage());
      return placeholder();
    }
  }

  private KeyDoc doc(String fallback) {
    return new KeyDoc(settings.path(key), type(), allowed(), fallback, help);
  }

  private String rangeText() {
    return allowed().isEmpty() ? "" : " (" + allowed() + ")";
  }

  /** The value in Java, or what is wrong with it. */
  abstract T read(ConfigValue value) throws BadValue;

  /** An allowed value, to go on with after a problem. */
  abstract T placeholder();

  /** The type in words: what stands after "must be". */
  abstract String type();

  /** Range or choices in words; empty where the type says it all. */
  String allowed() {
    return "";
  }

  /** A default as a docs page shows it. */
  String show(T value) {
    return String.valueOf(value);
  }

  /** What is wrong with one value. */
  static final class BadValue extends Exception {
    private static final long serialVersionUID = 1L;

    BadValue(String message) {
      super(message);
    }
  }
}
