package org.instella.tokenize.bpe;

import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Seeded strings that look for trouble: every plane, surrogates without a partner, controls,
 * stacked marks, jamo, very long words, runs of white space, contractions, the texts of added
 * tokens whole and cut short.
 */
public final class RandomTexts {
  private static final String[] PHRASES = {
    "'s",
    "'S",
    "'\u017F",
    "'re",
    "'rE",
    "'LL",
    "'ve",
    "'d",
    "'m",
    "'t",
    "' s",
    "''s",
    "\u2019s",
    " don't",
    " we'll",
    "I'M",
    "\r\n",
    "\n\n",
    " \n ",
    "\t\t",
    "\u00A0",
    "\u3000",
    "\u2028",
    "\u0085",
    "\u200B",
    "\uFEFF",
    "e\u0301",
    "o\u0308\u0323",
    "\u1100\u1161\u11A8",
    "\uAC00\u11A8",
    "\u0344",
    "\u0F73",
    "\u212B",
    "\uD834\uDD5E",
    "1234567",
    "\u0663\u0664",
    "\u2167",
    "\u00BD",
    "def f(x):\n",
    "    return",
    "<|",
    "|>",
    "<|endoftext|>",
    "|||",
    "  ",
    "        ",
    "\uD83D\uDC68\u200D\uD83D\uDC69"
  };

  private static final String SPACES =
      " \t\n\r\u000B\f\u0085\u00A0\u1680\u2000\u2003\u2009\u200A\u2028\u2029\u202F\u205F\u3000";

  private RandomTexts() {}

  /** A string of up to some hundred characters; {@code words} are put in now and then. */
  public static String next(RandomGenerator random, List<String> words) {
    StringBuilder text = new StringBuilder();
    int parts = random.nextInt(12);
    for (int part = 0; part < parts; part++) {
      append(random, words, text);
    }
    return text.toString();
  }

  private static void append(RandomGenerator random, List<String> words, StringBuilder text) {
    int count = 1 + random.nextInt(random.nextInt(8) == 0 ? 60 : 8);
    switch (random.nextInt(15)) {
      case 0, 1 -> letters(random, text, 'a', 26, count);
      case 2 -> letters(random, text, ' ', 95, count);
      case 3 -> letters(random, text, 0, 0x20, count);
      case 4 -> letters(random, text, 0xA0, 0x1B0, count);
      case 5 -> letters(random, text, 0x300, 0x70, count);
      case 6 -> letters(random, text, 0, 0xFFFF, count); // lone surrogates among them
      case 7 -> letters(random, text, 0, 0x10FFFF, count);
      case 8 -> letters(random, text, 0x4E00, 0x2000, count);
      case 9 -> letters(random, text, 0x900, 0x500, count);
      case 10 -> letters(random, text, 0x1100, 0x100, count);
      case 11 -> {
        for (int i = 0; i < count; i++) {
          text.append(SPACES.charAt(random.nextInt(SPACES.length())));
        }
      }
      case 12 -> text.append(String.valueOf(SPACES.charAt(random.nextInt(4))).repeat(count));
      case 13 -> {
        if (!words.isEmpty()) {
          String word = words.get(random.nextInt(words.size()));
          text.append(
              random.nextInt(4) == 0 ? word.substring(random.nextInt(word.length())) : word);
        }
      }
      default -> text.append(PHRASES[random.nextInt(PHRASES.length)]);
    }
  }

  private static void letters(
      RandomGenerator random, StringBuilder text, int first, int span, int count) {
    for (int i = 0; i < count; i++) {
      text.appendCodePoint(first + random.nextInt(span));
    }
  }
}
