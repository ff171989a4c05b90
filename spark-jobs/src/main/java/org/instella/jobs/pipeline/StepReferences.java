package org.instella.jobs.pipeline;

import java.util.Collection;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.settings.Nearest;
import org.instella.conf.settings.Recipe;
import org.instella.conf.storage.Location;
import org.instella.jobs.JobError;

/**
 * Replaces {@code "@step/below"} in a pipeline's recipe by the place where that step writes, and
 * remembers who refers to whom. {@code "@@…"} stands for a text that begins with one @.
 */
final class StepReferences {
  private static final Pattern REFERENCE = Pattern.compile("@([A-Za-z0-9._-]+)(?:/(.*))?");
  private static final Pattern STEP_PATH =
      Pattern.compile("pipeline\\.steps\\.(?:\"([^\"]+)\"|([^.]+))\\..*");

  private final Location folder;
  private final Collection<String> steps;
  private final SortedMap<String, SortedSet<String>> needs = new TreeMap<>();

  private StepReferences(Location folder, Collection<String> steps) {
    this.folder = folder;
    this.steps = steps;
  }

  /** A recipe without references, and what every step referred to. */
  record Result(Recipe recipe, Map<String, SortedSet<String>> needs) {}

  /**
   * Resolves all references.
   *
   * @throws ConfigurationException if one names no step
   */
  static Result resolve(Recipe recipe, Location folder, Collection<String> steps) {
    StepReferences references = new StepReferences(folder, steps);
    steps.forEach(step -> references.needs.put(step, new TreeSet<>()));
    return new Result(recipe.withTexts(references::replace), references.needs);
  }

  private String replace(String path, String text) {
    Matcher place = STEP_PATH.matcher(path);
    if (!text.startsWith("@") || !place.matches()) {
      return text;
    }
    if (text.startsWith("@@")) {
      return text.substring(1);
    }
    String step = place.group(1) != null ? place.group(1) : place.group(2);
    Matcher reference = REFERENCE.matcher(text);
    if (!reference.matches() || !steps.contains(reference.group(1))) {
      String wanted = reference.matches() ? reference.group(1) : text.substring(1);
      String hint =
          Nearest.of(wanted, steps)
              .map(near -> "did you mean @" + near + "?")
              .orElse("steps are " + String.join(", ", steps));
      throw new ConfigurationException(
          JobError.UNKNOWN_STEP, "%s = %s: there is no such step; %s".formatted(path, text, hint));
    }
    needs.get(step).add(reference.group(1));
    Location output = folder.resolve(reference.group(1));
    String below = reference.group(2);
    return (below == null || below.isEmpty() ? output : output.resolve(below)).uri();
  }
}
