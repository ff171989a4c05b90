package org.instella.tokenize.bpe.merge;

import java.util.Arrays;
import org.instella.tokenize.bpe.TokenBuffer;
import org.instella.tokenize.bpe.unicode.Utf8;

/**
 * Byte pair encoding of one word of any length (Sennrich et al. 2016, arXiv:1508.07909): the pair
 * of lowest rank first, the leftmost first among equal ones. Owned by one thread.
 *
 * <p>Short words: rows of symbols and of ranks, the least rank found by looking at all. Longer
 * ones: a heap. Very long ones, without a split point for kilobytes, window by window, see {@link
 * #mergeWindows}; so time is linear in the length and the work stays in the cache.
 */
public final class WordMerger {
  private static final int PLACE_BITS = 8;
  private static final int PLACE_MASK = (1 << PLACE_BITS) - 1;

  /** Symbols whose places fit a key, and up to which blocks are faster than a heap. */
  private static final int SHORT = 1 << PLACE_BITS;

  private static final int BLOCK_BITS = 4;
  private static final int BLOCK = 1 << BLOCK_BITS;

  /** Bytes merged at a time in a long word. */
  private static final int WINDOW = 192;

  /** What the bytes behind the end of a window can hardly reach back over. */
  private static final int TAIL = 24;

  private final MergeTable merges;
  private final HeadStart headStart;
  private final byte[][] tokens;
  private final int[][] fallbacks;

  private int[] symbols = new int[2 * WINDOW];
  private int[] ranks = new int[2 * WINDOW];
  private int[] next = new int[2 * WINDOW];
  private int[] previous = new int[2 * WINDOW];
  private final int[] keys = new int[SHORT];
  private final int[] blocks = new int[SHORT >>> BLOCK_BITS];
  private long[] heap = new long[2 * WINDOW];
  private int heapSize;
  private byte[] joint = new byte[64];
  private final int[] kept = new int[64];

  /**
   * @param merges shared, complete
   * @param tokens the bytes of each id, shared
   * @param fallbacks for each byte without an id of its own the ids it starts as, perhaps none;
   *     null where it has one. Null when no byte needs any
   */
  public WordMerger(MergeTable merges, byte[][] tokens, int[][] fallbacks) {
    this.merges = merges;
    this.headStart = merges.headStart();
    this.tokens = tokens;
    this.fallbacks = fallbacks;
  }

  /** Appends the ids of the word {@code text[from, to)}, which is not empty. */
  public void merge(byte[] text, int from, int to, TokenBuffer out) {
    int length = to - from;
    if (fallbacks != null) {
      mergeWithFallbacks(text, from, to, out);
    } else if (length > WINDOW && merges.growing()) {
      mergeWindows(text, from, to, out);
    } else {
      int count = mergeBytes(text, from, to); // may renew the row of symbols
      out.addAll(symbols, 0, count);
    }
  }

  /** Leaves the ids in {@link #symbols}; returns how many. */
  private int mergeBytes(byte[] text, int from, int to) {
    ensureRoom(to - from);
    int[] symbols = this.symbols;
    int[] ranks = this.ranks;
    int count = 0;
    int before = -1; // the byte that is the last symbol, if that is one
    for (int at = from; at < to; ) {
      int b = text[at];
      int length = Utf8.length(b);
      // A byte from 0x80 to 0xBF here continues a character that begins before the window.
      long start =
          b < 0 && b >= (byte) 0xC0 && length <= to - at
              ? headStart.of(Utf8.codePoint(text, at))
              : 0;
      if (start == 0) {
        int here = b & 0xFF;
        symbols[count] = merges.byteId(here);
        if (count > 0) {
          ranks[count - 1] =
              before >= 0
                  ? merges.byteRank(before, here)
                  : merges.rank(symbols[count - 1], symbols[count]);
        }
        before = here;
        count++;
        at++;
        continue;
      }
      at += length;
      do {
        symbols[count] = HeadStart.id(start);
        if (count > 0) {
          ranks[count - 1] = merges.rank(symbols[count - 1], symbols[count]);
        }
        count++;
        start = HeadStart.rest(start);
      } while (start != 0);
      before = -1;
    }
    return mergeSymbols(count);
  }

  private void mergeWithFallbacks(byte[] text, int from, int to, TokenBuffer out) {
    int count = 0;
    for (int at = from; at < to; at++) {
      int b = text[at] & 0xFF;
      if (merges.byteId(b) >= 0) {
        ensureRoom(count + 1);
        symbols[count++] = merges.byteId(b);
      } else {
        for (int id : fallbacks[b]) {
          ensureRoom(count + 1);
          symbols[count++] = id;
        }
      }
    }
    for (int i = 0; i + 1 < count; i++) {
      ranks[i] = merges.rank(symbols[i], symbols[i + 1]);
    }
    int kept = count == 0 ? 0 : mergeSymbols(count);
    out.addAll(symbols, 0, kept);
  }

  private void ensureRoom(int count) {
    if (count > symbols.length) {
      int room = Math.max(count, 2 * symbols.length);
      symbols = Arrays.copyOf(symbols, room);
      ranks = Arrays.copyOf(ranks, room);
    }
  }

  /** Merges {@link #symbols}, whose pair at i has {@link #ranks}[i]; returns how many are left. */
  private int mergeSymbols(int count) {
    return count <= SHORT ? mergeShort(count) : mergeHeap(count);
  }

  /**
   * Up to {@link #SHORT} symbols: the least rank is the least of the least of blocks of sixteen,
   * all without a branch. A rank is kept with its place in the low bits, so that the leftmost of
   * equal ones is the least.
   */
  private int mergeShort(int count) {
    int[] symbols = this.symbols;
    int[] keys = this.keys;
    int[] next = this.next;
    int[] previous = this.previous;
    int[] blocks = this.blocks;
    int blockCount = (count + BLOCK - 1) >>> BLOCK_BITS;
    int end = blockCount << BLOCK_BITS;
    for (int i = 0; i < count - 1; i++) {
      keys[i] = key(ranks[i], i);
      next[i] = i + 1;
      previous[i] = i - 1;
    }
    next[count - 1] = count;
    previous[count - 1] = count - 2;
    for (int i = count - 1; i < end; i++) {
      keys[i] = MergeTable.NONE;
    }
    for (int block = 0; block < blockCount; block++) {
      blocks[block] = least(keys, block);
    }
    while (true) {
      int best = blocks[0];
      for (int block = 1; block < blockCount; block++) {
        best = Math.min(best, blocks[block]);
      }
      if (best == MergeTable.NONE) {
        break;
      }
      int at = best & PLACE_MASK;
      int right = next[at];
      int after = next[right];
      int symbol = merges.result(best >>> PLACE_BITS);
      symbols[at] = symbol;
      next[at] = after;
      keys[right] = MergeTable.NONE;
      int key = MergeTable.NONE;
      if (after < count) {
        previous[after] = at;
        key = key(merges.rank(symbol, symbols[after]), at);
      }
      keys[at] = key;
      int before = previous[at];
      if (before >= 0) {
        keys[before] = key(merges.rank(symbols[before], symbol), before);
        if (before >>> BLOCK_BITS != at >>> BLOCK_BITS) {
          blocks[before >>> BLOCK_BITS] = least(keys, before >>> BLOCK_BITS);
        }
      }
      blocks[at >>> BLOCK_BITS] = least(keys, at >>> BLOCK_BITS);
      if (right >>> BLOCK_BITS != at >>> BLOCK_BITS) {
        blocks[right >>> BLOCK_BITS] = least(keys, right >>> BLOCK_BITS);
      }
    }
    int kept = 0;
    for (int i = 0; i < count; i = next[i]) {
      symbols[kept++] = symbols[i];
    }
    return kept;
  }

  /** The key of a rank at a place; {@link MergeTable#NONE} stays what it is, the greatest. */
  private static int key(int rank, int place) {
    return rank == MergeTable.NONE ? MergeTable.NONE : rank << PLACE_BITS | place;
  }

  private static int least(int[] keys, int block) {
    int from = block << BLOCK_BITS;
    int a =
        Math.min(Math.min(keys[from], keys[from + 1]), Math.min(keys[from + 2], keys[from + 3]));
    int b =
        Math.min(
            Math.min(keys[from + 4], keys[from + 5]), Math.min(keys[from + 6], keys[from + 7]));
    int c =
        Math.min(
            Math.min(keys[from + 8], keys[from + 9]), Math.min(keys[from + 10], keys[from + 11]));
    int d =
        Math.min(
            Math.min(keys[from + 12], keys[from + 13]), Math.min(keys[from + 14], keys[from + 15]));
    return Math.min(Math.min(a, b), Math.min(c, d));
  }

  private int mergeHeap(int count) {
    if (count > next.length) {
      next = new int[symbols.length];
      previous = new int[symbols.length];
    }
    if (heap.length < count) {
      heap = new long[symbols.length];
    }
    heapSize = 0;
    for (int i = 0; i < count; i++) {
      next[i] = i + 1;
      previous[i] = i - 1;
      if (i + 1 < count && ranks[i] != MergeTable.NONE) {
        heap[heapSize++] = (long) ranks[i] << 32 | i;
      }
    }
    for (int i = heapSize / 2 - 1; i >= 0; i--) {
      sink(i, heap[i]);
    }
    while (heapSize > 0) {
      long top = heap[0];
      long last = heap[--heapSize];
      if (heapSize > 0) {
        sink(0, last);
      }
      int at = (int) top;
      int rank = (int) (top >>> 32);
      // An entry is stale when the pair at its place has changed since; ranks[at] is the present.
      if (ranks[at] != rank) {
        continue;
      }
      int right = next[at];
      symbols[at] = merges.result(rank);
      ranks[right] = MergeTable.NONE;
      int after = next[right];
      next[at] = after;
      if (after < count) {
        previous[after] = at;
        renew(at, after);
      } else {
        ranks[at] = MergeTable.NONE;
      }
      if (previous[at] >= 0) {
        renew(previous[at], at);
      }
    }
    int kept = 0;
    for (int i = 0; i < count; i = next[i]) {
      symbols[kept++] = symbols[i];
    }
    return kept;
  }

  private void renew(int left, int right) {
    int rank = merges.rank(symbols[left], symbols[right]);
    ranks[left] = rank;
    if (rank != MergeTable.NONE) {
      push((long) rank << 32 | left);
    }
  }

  private void push(long entry) {
    if (heapSize == heap.length) {
      heap = Arrays.copyOf(heap, 2 * heap.length);
    }
    int at = heapSize++;
    while (at > 0) {
      int parent = (at - 1) / 2;
      if (heap[parent] <= entry) {
        break;
      }
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = entry;
  }

  private void sink(int from, long entry) {
    int at = from;
    while (true) {
      int child = 2 * at + 1;
      if (child >= heapSize) {
        break;
      }
      if (child + 1 < heapSize && heap[child + 1] < heap[child]) {
        child++;
      }
      if (heap[child] >= entry) {
        break;
      }
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = entry;
  }

  /**
   * A long word, window by window.
   *
   * <p>Why this is exact: when every merge ranks behind the merges of its parts ({@link
   * MergeTable#growing}), a row of tokens is the encoding of its text if and only if each two
   * neighbours are the encoding of theirs. (The first merge over a border, in the whole text, would
   * happen in the two neighbours alone as well, and the reverse: up to then all merges stay inside
   * the tokens.) So the tokens of a window may stay, and the next window may begin after any of
   * them, if the last that stays and the first that follows are the encoding of the two together.
   * Where they are not, more is taken back and the window grows; at worst it is the whole word.
   */
  private void mergeWindows(byte[] text, int from, int to, TokenBuffer out) {
    int start = out.size();
    int at = from;
    int window = WINDOW;
    int back = 1;
    while (true) {
      int end = to - at <= window + TAIL ? to : at + window;
      int count = mergeBytes(text, at, end);
      if (out.size() > start && !stable(out.ids()[out.size() - 1], symbols[0], count)) {
        for (int i = 0; i < back && out.size() > start; i++) {
          out.size(out.size() - 1);
          at -= tokens[out.ids()[out.size()]].length;
        }
        back *= 2;
        window = (int) Math.min(2L * window, to - from);
        continue;
      }
      if (end == to) {
        out.addAll(symbols, 0, count);
        return;
      }
      int keep = count;
      int keptEnd = end;
      while (keep > 0 && end - keptEnd < TAIL) {
        keptEnd -= tokens[symbols[--keep]].length;
      }
      if (keep == 0) {
        window = (int) Math.min(2L * window, to - from);
        continue;
      }
      out.addAll(symbols, 0, keep);
      at = keptEnd;
      window = WINDOW;
      back = 1;
    }
  }

  /** Whether the text of two tokens encodes to just these two; keeps {@link #symbols}. */
  private boolean stable(int left, int right, int symbolCount) {
    byte[] first = tokens[left];
    byte[] second = tokens[right];
    int length = first.length + second.length;
    if (length > joint.length) {
      joint = new byte[2 * length];
    }
    System.arraycopy(first, 0, joint, 0, first.length);
    System.arraycopy(second, 0, joint, first.length, second.length);
    int saved = Math.min(symbolCount, Math.min(length, symbols.length));
    int[] keep = saved <= kept.length ? kept : new int[saved];
    System.arraycopy(symbols, 0, keep, 0, saved);
    int count = mergeBytes(joint, 0, length);
    boolean stable = count == 2 && symbols[0] == left && symbols[1] == right;
    System.arraycopy(keep, 0, symbols, 0, saved);
    return stable;
  }
}
