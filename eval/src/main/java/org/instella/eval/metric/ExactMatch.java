package org.instella.eval.metric;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Equality after normalisation, as Hugging Face {@code evaluate} defines it and OLMES and
 * lm-evaluation-harness use it. In this order, on both sides: delete each pattern, lower-case,
 * delete ASCII punctuation, delete digits. Nothing is stripped: a leading space makes a mismatch.
 */
public record ExactMatch(
    List<Pattern> ignoredPatterns,
    boolean ignoreCase,
    boolean ignorePunctuation,
    boolean ignoreNumbers) {
  public static final ExactMatch STRICT = new ExactMatch(List.of(), false, false, false);
  private static final Pattern PUNCTUATION =
      Pattern.compile("[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~]");
  private static final Pattern DIGITS = Pattern.compile("[0-9]");

  public ExactMatch {
    ignoredPatterns = List.copyOf(ignoredPatterns);
  }

  public boolean matches(String predicted, String target) {
    return normalise(predicted).equals(normalise(target));
  }

  private String normalise(String text) {
    String result = text;
    for (Pattern pattern : ignoredPatterns) {
      result = pattern.matcher(result).replaceAll("");
    }
    if (ignoreCase) {
      result = result.toLowerCase(Locale.ROOT);
    }
    if (ignorePunctuation) {
      result = PUNCTUATION.matcher(result).replaceAll("");
    }
    return ignoreNumbers ? DIGITS.matcher(result).replaceAll("") : result;
  }
}
