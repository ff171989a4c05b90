package org.instella.conf.settings;

import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValue;
import java.util.ArrayList;
import java.util.List;
import org.instella.conf.error.ConfigurationException;

/** Gathers what is wrong with a recipe, to be said all at once. */
final class Problems {
  private final String recipeName;
  private final List<String> lines = new ArrayList<>();

  /**
   * @param recipeName the file that the user named; problems in it are given by line alone
   */
  Problems(String recipeName) {
    this.recipeName = recipeName;
  }

  /** {@code value} is null for a key that is not there. */
  void add(String key, ConfigValue value, String message) {
    String shown = value == null ? "" : " = " + shortened(value);
    String place = value == null ? "" : where(value.origin());
    lines.add(key + shown + place + ": " + message);
  }

  /** A key whose value does not matter for what is wrong with it. */
  void addKey(String key, ConfigValue value, String message) {
    lines.add(key + where(value.origin()) + ": " + message);
  }

  void throwIfAny() {
    if (!lines.isEmpty()) {
      String head =
          (lines.size() == 1 ? "1 problem in " : lines.size() + " problems in ") + recipeName;
      throw new ConfigurationException(
          SettingsError.INVALID_SETTINGS, head + "\n  " + String.join("\n  ", lines));
    }
  }

  private String where(ConfigOrigin origin) {
    String file = origin.filename() == null ? origin.description() : origin.filename();
    int line = origin.lineNumber();
    String name = file.replaceFirst(":? ?\\d+$", "");
    if (name.equals(Recipe.COMMAND_LINE)) {
      return " (" + Recipe.COMMAND_LINE + ")";
    }
    String lineText = line > 0 ? "line " + line : "";
    String fileText = name.equals(recipeName) ? "" : name;
    String place = (fileText + " " + lineText).strip();
    return place.isEmpty() ? "" : " (" + place + ")";
  }

  private static String shortened(ConfigValue value) {
    String text = value.render(ConfigRenderOptions.concise());
    return text.length() <= 80 ? text : text.substring(0, 77) + "...";
  }
}
