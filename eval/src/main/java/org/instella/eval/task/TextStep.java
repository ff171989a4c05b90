package org.instella.eval.task;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.instella.eval.request.PythonText;

/** One step of turning a field into what a prompt needs. The set is closed on purpose. */
public sealed interface TextStep {

  String apply(String text);

  /** All steps, one after the other. */
  static String apply(List<TextStep> steps, String text) {
    String result = text;
    for (TextStep step : steps) {
      result = step.apply(result);
    }
    return result;
  }

  /** Python's {@code strip()}. */
  record Strip() implements TextStep {
    @Override
    public String apply(String text) {
      return PythonText.strip(text);
    }
  }

  /** Python's {@code capitalize()}: the rest goes to lower case. */
  record Capitalize() implements TextStep {
    @Override
    public String apply(String text) {
      return PythonText.capitalize(text);
    }
  }

  record LowerCase() implements TextStep {
    @Override
    public String apply(String text) {
      return text.toLowerCase(Locale.ROOT);
    }
  }

  /** Every occurrence, in one pass. */
  record Replace(String of, String with) implements TextStep {
    @Override
    public String apply(String text) {
      return text.replace(of, with);
    }
  }

  /** Every match, in one pass; {@code $1} in {@code with} is a group. */
  record ReplaceMatches(Pattern of, String with) implements TextStep {
    @Override
    public String apply(String text) {
      return of.matcher(text).replaceAll(with);
    }
  }

  /** What stands before the first occurrence; all of it where there is none. */
  record Before(String of) implements TextStep {
    @Override
    public String apply(String text) {
      int at = text.indexOf(of);
      return at < 0 ? text : text.substring(0, at);
    }
  }

  /** What stands after the first occurrence; all of it where there is none. */
  record After(String of) implements TextStep {
    @Override
    public String apply(String text) {
      int at = text.indexOf(of);
      return at < 0 ? text : text.substring(at + of.length());
    }
  }
}
