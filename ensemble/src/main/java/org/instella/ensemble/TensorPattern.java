package org.instella.ensemble;

import java.io.Serializable;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A pattern for tensor names: {@code *} stands for any characters, {@code <a-b>} for a whole number
 * from a to b, everything else for itself. {@code model.layers.<0-11>.mlp.*} is the feed-forward
 * part of the first twelve blocks.
 *
 * @param text the pattern as the recipe gives it
 */
public record TensorPattern(String text) implements Serializable {
  private static final Pattern PARTS = Pattern.compile("\\*|<(\\d{1,9})-(\\d{1,9})>");

  /** What is wrong with the text, empty where nothing is. */
  public Optional<String> problem() {
    String rest = PARTS.matcher(text).replaceAll("");
    if (rest.contains("<") || rest.contains(">")) {
      return Optional.of("ranges are written <first-last>, for example <0-11>");
    }
    return text.isBlank() ? Optional.of("must not be empty") : Optional.empty();
  }

  public boolean matches(String tensor) {
    StringBuilder regex = new StringBuilder();
    Matcher parts = PARTS.matcher(text);
    int end = 0;
    while (parts.find()) {
      regex.append(Pattern.quote(text.substring(end, parts.start())));
      regex.append(parts.group(1) == null ? ".*" : "(\\d{1,9})");
      end = parts.end();
    }
    regex.append(Pattern.quote(text.substring(end)));
    Matcher name = Pattern.compile(regex.toString()).matcher(tensor);
    return name.matches() && inRanges(name);
  }

  private boolean inRanges(Matcher name) {
    Matcher parts = PARTS.matcher(text);
    int group = 0;
    while (parts.find()) {
      if (parts.group(1) != null) {
        long number = Long.parseLong(name.group(++group));
        if (number < Long.parseLong(parts.group(1)) || number > Long.parseLong(parts.group(2))) {
          return false;
        }
      }
    }
    return true;
  }
}
