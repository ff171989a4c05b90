package org.instella.tokenize.bpe;

import java.util.List;
import java.util.Random;

/** Texts that no split pattern cuts: the worst case of any byte pair encoder. */
public final class WordsWithoutEnd {
  private WordsWithoutEnd() {}

  /** Some kinds of them, {@code length} characters each. */
  public static List<String> texts(int length) {
    return List.of(
        "a".repeat(length),
        "ab".repeat(length / 2),
        "abcdefghij".repeat(length / 10),
        drawn(length, "abcdefghijklmnopqrstuvwxyz"),
        drawn(length, "etaoin"),
        drawn(length, "ACGT"),
        drawn(length, "-=*#"),
        drawn(length, "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过"),
        "=".repeat(length),
        "的".repeat(length));
  }

  /** Letters drawn evenly from an alphabet, always the same ones. */
  public static String drawn(int length, String alphabet) {
    Random random = new Random(alphabet.hashCode());
    StringBuilder text = new StringBuilder(length);
    for (int i = 0; i < length; i++) {
      text.append(alphabet.charAt(random.nextInt(alphabet.length())));
    }
    return text.toString();
  }
}
