package org.instella.conf.settings;

import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValue;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** Settings as flat keys. */
final class Flattened {
  private static final Pattern SECRET =
      Pattern.compile(
          ".*(password|secret|credential|access[-.]key|api[-.]key|session[-.]token).*",
          Pattern.CASE_INSENSITIVE);

  private Flattened() {}

  /** Without what must not be stored. */
  static SortedMap<String, String> of(ConfigObject root) {
    SortedMap<String, String> flat = whole(root);
    flat.replaceAll((path, text) -> SECRET.matcher(path).matches() ? "(not shown)" : text);
    return flat;
  }

  /** With secrets, for whoever is to use them. */
  static SortedMap<String, String> whole(ConfigObject root) {
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
            flat.put(path, text(value));
          }
        });
  }

  private static String text(ConfigValue value) {
    return value.unwrapped() instanceof String text
        ? text
        : value.render(ConfigRenderOptions.concise());
  }
}
