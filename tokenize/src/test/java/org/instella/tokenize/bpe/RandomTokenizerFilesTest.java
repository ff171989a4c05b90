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
          String text = RandomTexts.next(random, file.added());
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
}
