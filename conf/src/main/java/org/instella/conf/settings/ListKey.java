package org.instella.conf.settings;

import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigValue;
import java.util.ArrayList;
import java.util.List;

/** A key whose value is a list, each entry read as {@code element} reads one value. */
public final class ListKey<T> extends Key<List<T>> {
  private final Key<T> element;
  private int atLeast;

  ListKey(Settings settings, String key, String help, Key<T> element) {
    super(settings, key, help);
    this.element = element;
  }

  /** Refuses shorter lists. */
  public ListKey<T> atLeast(int entries) {
    this.atLeast = entries;
    return this;
  }

  @Override
  List<T> read(ConfigValue value) throws BadValue {
    if (!(value instanceof ConfigList list)) {
      // One value for a list of one: what --set tasks=piqa means.
      return List.of(element.read(value));
    }
    List<T> entries = new ArrayList<>();
    for (ConfigValue entry : list) {
      entries.add(element.read(entry));
    }
    if (entries.size() < atLeast) {
      throw new BadValue("must have at least %d entries".formatted(atLeast));
    }
    return List.copyOf(entries);
  }

  @Override
  List<T> placeholder() {
    return List.of();
  }

  @Override
  String type() {
    return "list of " + element.type();
  }

  @Override
  String allowed() {
    return element.allowed();
  }
}
