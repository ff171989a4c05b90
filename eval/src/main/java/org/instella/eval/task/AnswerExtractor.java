package org.instella.eval.task;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Cuts the answer out of a generated text: cleaning steps, then the last match of the first pattern
 * that matches at all; the whole text where none does.
 *
 * @param patterns in order of trust; group 1 is the answer if the pattern has one
 */
public record AnswerExtractor(List<TextStep> steps, List<Pattern> patterns) {
  public AnswerExtractor {
    steps = List.copyOf(steps);
    patterns = List.copyOf(patterns);
  }

  /** The answer in {@code text}. */
  public String extract(String text) {
    String clean = TextStep.apply(steps, text);
    for (Pattern pattern : patterns) {
      Matcher matcher = pattern.matcher(clean);
      String last = null;
      while (matcher.find()) {
        last = matcher.group(matcher.groupCount() == 0 ? 0 : 1);
      }
      if (last != null) {
        return last;
      }
    }
    return clean;
  }
}
