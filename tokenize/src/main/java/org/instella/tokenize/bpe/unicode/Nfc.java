package org.instella.tokenize.bpe.unicode;

import java.util.Arrays;

/**
 * Normal form C over UTF-8 (Unicode Standard Annex 15), done only where the text needs it: the
 * quick check walks the text, and only the stretch between two starters around a doubtful character
 * is decomposed, sorted and composed. Owned by one thread.
 */
public final class Nfc {
  private static final Composition TABLES = Composition.TABLES;

  private int[] points = new int[64];
  private int[] classes = new int[64];
  private int count;

  /**
   * The start of the first stretch of [from, to) that may not be in normal form C, or -1 when all
   * of it surely is.
   */
  public int firstDoubt(byte[] text, int from, int to) {
    int at = Utf8.skipAscii(text, from, to);
    int starter = Math.max(from, at - 1);
    int lastClass = 0;
    while (at < to) {
      int lead = text[at];
      if (lead >= 0) {
        int next = Utf8.skipAscii(text, at + 1, to);
        starter = next - 1;
        lastClass = 0;
        at = next;
        continue;
      }
      int codePoint = Utf8.codePoint(text, at);
      int properties = CodePoints.properties(codePoint);
      if ((properties & CodePoints.ACTIVE) == 0) {
        starter = at;
        lastClass = 0;
      } else {
        int combining = TABLES.combiningClass(codePoint);
        if ((properties & CodePoints.CHANGES) != 0 || combining < lastClass) {
          return starter;
        }
        lastClass = combining;
      }
      at += Utf8.length(lead);
    }
    return -1;
  }

  /**
   * Appends the normal form of [from, to) to {@code out}.
   *
   * @param doubt what {@link #firstDoubt} returned, not negative
   */
  public void normalise(byte[] text, int from, int to, int doubt, Utf8Buffer out) {
    int done = from;
    int start = doubt;
    while (start >= 0) {
      out.append(text, done, start);
      int end = stretchEnd(text, start, to);
      compose(text, start, end, out);
      done = end;
      start = firstDoubt(text, end, to);
    }
    out.append(text, done, to);
  }

  /** The end of the stretch at {@code start}: the next character that NFC leaves alone. */
  private static int stretchEnd(byte[] text, int start, int to) {
    int at = start + Utf8.length(text[start]);
    while (at < to && (CodePoints.properties(Utf8.codePoint(text, at)) & CodePoints.ACTIVE) != 0) {
      at += Utf8.length(text[at]);
    }
    return at;
  }

  private void compose(byte[] text, int start, int end, Utf8Buffer out) {
    count = 0;
    for (int at = start; at < end; at += Utf8.length(text[at])) {
      decompose(Utf8.codePoint(text, at));
    }
    sortMarks();
    // Join each character with the last starter, unless one of the same or higher class stands
    // between the two.
    int starter = -1;
    int lastClass = 0;
    int kept = 0;
    for (int i = 0; i < count; i++) {
      int point = points[i];
      int combining = classes[i];
      if (starter >= 0 && (lastClass < combining || lastClass == 0)) {
        // lastClass is 0 either right after the starter or after another starter: then `starter`
        // is the character just before.
        int joined = TABLES.composed(points[starter], point);
        if (joined >= 0) {
          points[starter] = joined;
          continue;
        }
      }
      if (combining == 0) {
        starter = kept;
      }
      lastClass = combining;
      points[kept] = point;
      classes[kept] = combining;
      kept++;
    }
    for (int i = 0; i < kept; i++) {
      out.append(points[i]);
    }
  }

  private void decompose(int codePoint) {
    int syllable = codePoint - Composition.HANGUL;
    if (syllable >= 0 && syllable < Composition.HANGUL_COUNT) {
      int trailing = syllable % Composition.TRAILING_COUNT;
      int pair = syllable / Composition.TRAILING_COUNT;
      push(Composition.LEADING + pair / Composition.VOWEL_COUNT);
      push(Composition.VOWEL + pair % Composition.VOWEL_COUNT);
      if (trailing != 0) {
        push(Composition.TRAILING + trailing);
      }
      return;
    }
    long parts = TABLES.decomposition(codePoint);
    if (parts < 0) {
      push(codePoint);
      return;
    }
    decompose(Composition.first(parts));
    if (Composition.second(parts) != Composition.NO_SECOND) {
      decompose(Composition.second(parts));
    }
  }

  private void push(int codePoint) {
    if (count == points.length) {
      points = Arrays.copyOf(points, 2 * count);
      classes = Arrays.copyOf(classes, 2 * count);
    }
    points[count] = codePoint;
    classes[count] = TABLES.combiningClass(codePoint);
    count++;
  }

  /** Canonical ordering: marks between two starters by class, stable. */
  private void sortMarks() {
    for (int i = 0; i < count; ) {
      if (classes[i] == 0) {
        i++;
        continue;
      }
      int end = i + 1;
      boolean sorted = true;
      while (end < count && classes[end] != 0) {
        sorted &= classes[end - 1] <= classes[end];
        end++;
      }
      if (!sorted) {
        sortRun(i, end);
      }
      i = end;
    }
  }

  private void sortRun(int from, int to) {
    // Keyed by (class, place), so that thousands of stacked marks cost n log n and stay stable.
    long[] keys = new long[to - from];
    int[] before = Arrays.copyOfRange(points, from, to);
    for (int i = from; i < to; i++) {
      keys[i - from] = (long) classes[i] << 32 | (i - from);
    }
    Arrays.sort(keys);
    for (int i = from; i < to; i++) {
      points[i] = before[(int) keys[i - from]];
      classes[i] = (int) (keys[i - from] >>> 32);
    }
  }
}
