package org.instella.tokenize.bpe;

import java.util.Arrays;

/**
 * The model's vocabulary by bytes, for files that say {@code ignore_merges}: a pre-token that is a
 * token takes its id without any merge. Immutable.
 */
final class WholeWords {
  private final byte[][] words;
  private final int[] slots;

  /**
   * @param words the bytes of each id, null where an id is not of the model's vocabulary
   */
  WholeWords(byte[][] words) {
    this.words = words;
    slots = new int[Integer.highestOneBit(Math.max(16, words.length)) * 4];
    Arrays.fill(slots, -1);
    for (int id = 0; id < words.length; id++) {
      if (words[id] != null) {
        int at = place(words[id], 0, words[id].length);
        while (slots[at] >= 0) {
          at = (at + 1) & (slots.length - 1);
        }
        slots[at] = id;
      }
    }
  }

  /** The id of {@code text[from, to)}, or -1. */
  int idOf(byte[] text, int from, int to) {
    int at = place(text, from, to);
    for (; slots[at] >= 0; at = (at + 1) & (slots.length - 1)) {
      byte[] word = words[slots[at]];
      if (Arrays.equals(word, 0, word.length, text, from, to)) {
        return slots[at];
      }
    }
    return -1;
  }

  private int place(byte[] text, int from, int to) {
    int hash = 1;
    for (int i = from; i < to; i++) {
      hash = 31 * hash + text[i];
    }
    hash *= 0x9E3779B1;
    return (hash ^ hash >>> 15) & (slots.length - 1);
  }
}
