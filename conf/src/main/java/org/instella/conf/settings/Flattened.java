package org.instella.conf.settings;

import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValue;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** Settings as flat keys, without what must not be stored. */
final class Flattened {
  private static final Pattern SECRET =
      Pattern.compile(".*(password|secret|credential|access-key|api-key).*");

  private Flattened() {}

  static SortedMap<String, String> of(ConfigObject root) {
    SortedMap<String, String> flat = new TreeMap<>();
    add(flat, "", root);
    return flat;
  }

  private static void add(SortedMap<String, String> flat, String prefix, ConfigObject object) {
    object.forEach(
        (key, value) -> {
          String path = prefix.isEmpty() ? key : prefix + "." + key;
          if (value instanceof ConfigObject section) {
            add(flat, path, section);
          } else {
            flat.put(path, SECRET.matcher(path).matches() ? "(not shown)" : text(value));
          }
        });
  }

  private static String text(ConfigValue value) {
    return value.unwrapped() instanceof String text
        ? text
        : value.render(ConfigRenderOptions.concise());
  }
}
