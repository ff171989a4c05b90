package org.instella.tokenize.bpe.split;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.instella.tokenize.bpe.split.SplitBehaviour.Part;

/** One step of a chain of pre-tokenizers, over strings: the general form, exact and slow. */
sealed interface SplitStep {

  /** Appends the pieces of {@code text}, none of them empty. */
  void split(String text, List<String> pieces);

  /**
   * A regular expression.
   *
   * @param invert whether the pattern matches what to keep
   */
  record Expression(Pattern pattern, SplitBehaviour behaviour, boolean invert)
      implements SplitStep {
    @Override
    public void split(String text, List<String> pieces) {
      List<Part> parts = new ArrayList<>();
      Matcher matcher = pattern.matcher(text);
      int end = 0;
      while (matcher.find()) {
        if (matcher.start() > end) {
          parts.add(new Part(end, matcher.start(), invert));
        }
        parts.add(new Part(matcher.start(), matcher.end(), !invert));
        end = matcher.end();
      }
      if (end < text.length()) {
        parts.add(new Part(end, text.length(), invert));
      }
      cut(text, behaviour.apply(parts), pieces);
    }
  }

  /** Every code point that the predicate accepts is a match. */
  record Characters(IntPredicate matches, SplitBehaviour behaviour) implements SplitStep {
    @Override
    public void split(String text, List<String> pieces) {
      List<Part> parts = new ArrayList<>();
      int end = 0;
      int length = 0;
      for (int at = 0; at < text.length(); at += length) {
        int codePoint = text.codePointAt(at);
        length = Character.charCount(codePoint);
        if (matches.test(codePoint)) {
          if (at > end) {
            parts.add(new Part(end, at, false));
          }
          parts.add(new Part(at, at + length, true));
          end = at + length;
        }
      }
      if (end < text.length()) {
        parts.add(new Part(end, text.length(), false));
      }
      cut(text, behaviour.apply(parts), pieces);
    }
  }

  /**
   * The byte-level step: writes each byte as one printable character, after an optional split by
   * the pattern of GPT-2.
   */
  record ByteLevel(boolean addPrefixSpace, Expression split) implements SplitStep {
    @Override
    public void split(String text, List<String> pieces) {
      String spaced = addPrefixSpace && !text.startsWith(" ") ? " " + text : text;
      List<String> cut = new ArrayList<>();
      if (split == null) {
        cut.add(spaced);
      } else {
        split.split(spaced, cut);
      }
      cut.forEach(piece -> pieces.add(ByteAlphabet.toCharacters(piece)));
    }
  }

  private static void cut(String text, List<Part> parts, List<String> pieces) {
    for (Part part : parts) {
      if (part.to() > part.from()) {
        pieces.add(text.substring(part.from(), part.to()));
      }
    }
  }
}
