package org.instella.eval.task;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Reads steps as task files write them: a verb and its arguments in single quotes, {@code strip},
 * {@code replace '_' ' '}, {@code replace-matches '\[.*?\]' ''}.
 */
final class TextSteps {
  private static final Pattern FORM = Pattern.compile("([a-z-]+)((?: '[^']*')*)");
  private static final Pattern ARGUMENT = Pattern.compile("'([^']*)'");
  private static final String VERBS =
      "strip, capitalize, lower-case, replace 'of' 'with', replace-matches 'regex' 'with',"
          + " before 'of', after 'of'";

  private TextSteps() {}

  /**
   * @throws IllegalArgumentException saying what is wrong, for the reader of a task file
   */
  static List<TextStep> parse(List<String> steps) {
    return steps.stream().map(TextSteps::parse).toList();
  }

  private static TextStep parse(String step) {
    Matcher form = FORM.matcher(step);
    if (!form.matches()) {
      throw new IllegalArgumentException("\"%s\" must be one of %s".formatted(step, VERBS));
    }
    List<String> arguments = new ArrayList<>();
    for (Matcher m = ARGUMENT.matcher(form.group(2)); m.find(); ) {
      arguments.add(m.group(1));
    }
    return switch (form.group(1) + "/" + arguments.size()) {
      case "strip/0" -> new TextStep.Strip();
      case "capitalize/0" -> new TextStep.Capitalize();
      case "lower-case/0" -> new TextStep.LowerCase();
      case "replace/2" -> new TextStep.Replace(arguments.get(0), arguments.get(1));
      case "replace-matches/2" ->
          new TextStep.ReplaceMatches(pythonPattern(arguments.get(0)), arguments.get(1));
      case "before/1" -> new TextStep.Before(arguments.get(0));
      case "after/1" -> new TextStep.After(arguments.get(0));
      default ->
          throw new IllegalArgumentException("\"%s\" must be one of %s".formatted(step, VERBS));
    };
  }

  /** Python's {@code .} excludes only the line feed, and {@code $} knows no other line end. */
  static Pattern pythonPattern(String regex) {
    try {
      return Pattern.compile(regex, Pattern.UNIX_LINES);
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(
          "\"%s\" is no regular expression: %s".formatted(regex, e.getDescription()), e);
    }
  }
}
