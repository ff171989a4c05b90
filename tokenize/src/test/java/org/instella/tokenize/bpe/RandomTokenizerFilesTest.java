package org.instella.tokenize.bpe;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Our encoder against the library on tokenizer files that nobody wrote: every flag of added tokens,
 * every behaviour of splits, prefix spaces, {@code ignore_merges}, merges in no order.
 */
class RandomTokenizerFilesTest {
  /**
   * Digits since Unicode 17 (Tolong Siki). What the library's Digits step takes for a digit is up
   * to the compiler that it was built with: version 0.23.2, which our tables follow, takes these,
   * and the older build that the test calls does not.
   */
  private static final int FIRST_NEWER_DIGIT = 0x11DE0;

  private static final int LAST_NEWER_DIGIT = 0x11DE9;

  @Test
  void agreeWithTheLibraryOnRandomFiles() throws Exception {
    compare(0, 150);
  }

  @Tag("long")
  @Test
  void agreeWithTheLibraryOnVeryManyRandomFiles() throws Exception {
    compare(10_000, 20_000);
  }

  private static void compare(long firstSeed, int files) throws Exception {
    for (long seed = firstSeed; seed < firstSeed + files; seed++) {
      Random random = new Random(seed);
      RandomTokenizerFile file = new RandomTokenizerFile(random);
      BpeTokenizer ours = new BpeFile(file.json(), "seed " + seed).read("").newTokenizer();
      try (Tokenizer library = HuggingFaceTokenizer.parse(file.json(), "seed " + seed)) {
        for (int i = 0; i < 60; i++) {
          String text = withoutNewerDigits(RandomTexts.next(random, file.added()));
          int[] expected = library.encode(text);
          int[] ids = ours.encode(text);
          if (!Arrays.equals(ids, expected)) {
            assertThat(ids)
                .as("file of seed %d, string %d: \"%s\", %s", seed, i, text, file)
                .containsExactly(expected);
          }
        }
      }
    }
  }

  private static String withoutNewerDigits(String text) {
    return text.codePoints()
        .map(c -> c >= FIRST_NEWER_DIGIT && c <= LAST_NEWER_DIGIT ? '1' : c)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }
}
