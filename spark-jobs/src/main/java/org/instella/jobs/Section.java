package org.instella.jobs;

import com.typesafe.config.ConfigUtil;
import java.io.Serializable;
import java.util.List;
import java.util.SortedMap;
import org.instella.conf.settings.Recipe;
import org.instella.conf.settings.Settings;

/**
 * A section of a recipe that can be sent to executors and read again there.
 *
 * @param recipe the whole resolved recipe as JSON
 * @param name what messages call the recipe
 * @param path keys from the root to the section
 */
public record Section(String recipe, String name, List<String> path) implements Serializable {

  public static Section of(Recipe recipe, String... path) {
    return new Section(recipe.toJson(), recipe.name(), List.of(path));
  }

  /** A fresh reading, positioned at the section. */
  public Settings open() {
    Settings settings = Recipe.parse(recipe, name).root();
    for (String key : path) {
      settings = settings.section(key, "");
    }
    return settings;
  }

  /** The same section with another text under a key that is there. */
  public Section with(String key, String text) {
    String full = String.join(".", path.stream().map(Section::quoted).toList()) + "." + key;
    Recipe changed =
        Recipe.parse(recipe, name).withTexts((place, old) -> place.equals(full) ? text : old);
    return new Section(changed.toJson(), name, path);
  }

  private static String quoted(String key) {
    return ConfigUtil.joinPath(key);
  }

  /** Everything below the section as flat keys: what a manifest keeps. */
  public SortedMap<String, String> resolved() {
    return open().resolved();
  }
}
