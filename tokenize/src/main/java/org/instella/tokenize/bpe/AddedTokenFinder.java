package org.instella.tokenize.bpe;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.instella.tokenize.bpe.unicode.Words8;

/**
 * Finds added tokens in UTF-8: the leftmost match, of several there the longest. Immutable.
 *
 * <p>Nearly every place of a text is ruled out by its first two bytes; the rest walks a trie.
 */
final class AddedTokenFinder {
  /** With more different first two bytes a look at each place is faster. */
  private static final int MAX_BEGINNINGS = 6;

  private final List<AddedToken> tokens;

  /** Whether a token begins with a byte. */
  private final boolean[] firsts = new boolean[256];

  /** One bit for each two bytes that a token begins with; all seconds set for one-byte tokens. */
  private final long[] pairs = new long[1 << 10];

  /** The column of a byte in {@link #children}; 0 for bytes that no token has. */
  private final int[] columns = new int[256];

  private final int columnCount;

  /** (node, column) to node, 0 for none; the root is node 0. */
  private final int[] children;

  /** The token that ends at a node, or -1. */
  private final int[] ends;

  private final int[] lengths;
  private boolean anyOfOneByte;

  /** First and second byte of each beginning, eight times each; empty when they are too many. */
  private final long[] beginnings;

  /**
   * @param tokens the tokens
   * @param patterns the texts they match, in the same order: contents, or their normal forms
   */
  AddedTokenFinder(List<AddedToken> tokens, List<String> patterns) {
    this.tokens = List.copyOf(tokens);
    lengths = new int[tokens.size()];
    List<byte[]> bytes =
        patterns.stream().map(pattern -> pattern.getBytes(StandardCharsets.UTF_8)).toList();
    int used = 1;
    int total = 1;
    for (byte[] pattern : bytes) {
      total += pattern.length;
      for (byte b : pattern) {
        if (columns[b & 0xFF] == 0) {
          columns[b & 0xFF] = used++;
        }
      }
    }
    columnCount = used;
    children = new int[Math.multiplyExact(total, used)];
    ends = new int[total];
    Arrays.fill(ends, -1);
    int nodes = 1;
    for (int t = 0; t < bytes.size(); t++) {
      byte[] pattern = bytes.get(t);
      lengths[t] = pattern.length;
      markBeginning(pattern);
      int node = 0;
      for (byte b : pattern) {
        int edge = node * columnCount + columns[b & 0xFF];
        if (children[edge] == 0) {
          children[edge] = nodes++;
        }
        node = children[edge];
      }
      ends[node] = t;
    }
    beginnings = anyOfOneByte ? new long[0] : beginnings(bytes);
  }

  private static long[] beginnings(List<byte[]> patterns) {
    int[] pairs =
        patterns.stream().mapToInt(b -> (b[0] & 0xFF) << 8 | (b[1] & 0xFF)).distinct().toArray();
    if (pairs.length > MAX_BEGINNINGS) {
      return new long[0];
    }
    long[] beginnings = new long[2 * pairs.length];
    for (int i = 0; i < pairs.length; i++) {
      beginnings[2 * i] = Words8.repeat(pairs[i] >>> 8);
      beginnings[2 * i + 1] = Words8.repeat(pairs[i]);
    }
    return beginnings;
  }

  private void markBeginning(byte[] pattern) {
    int first = pattern[0] & 0xFF;
    firsts[first] = true;
    anyOfOneByte |= pattern.length == 1;
    int from = pattern.length == 1 ? 0 : pattern[1] & 0xFF;
    int to = pattern.length == 1 ? 255 : from;
    for (int second = from; second <= to; second++) {
      int pair = first << 8 | second;
      pairs[pair >>> 6] |= 1L << pair;
    }
  }

  AddedToken token(long match) {
    return tokens.get((int) match);
  }

  /** Where the match begins. */
  static int start(long match) {
    return (int) (match >>> 32);
  }

  /** Where the match ends, before any stripping. */
  int end(long match) {
    return start(match) + lengths[(int) match];
  }

  /** The first match in [from, to), or -1. */
  long find(byte[] text, int from, int to) {
    return beginnings.length == 0 ? findByBytes(text, from, to) : findByWords(text, from, to);
  }

  /** Eight places at a time: does one of the few pairs that a token begins with stand there? */
  private long findByWords(byte[] text, int from, int to) {
    long[] beginnings = this.beginnings;
    int at = from;
    for (; to - at > 8; at += 8) {
      long word = Words8.load(text, at);
      long following = Words8.load(text, at + 1);
      long marks = 0;
      for (int i = 0; i < beginnings.length; i += 2) {
        marks |=
            Words8.maybeZero(word ^ beginnings[i])
                & Words8.maybeZero(following ^ beginnings[i + 1]);
      }
      for (; marks != 0; marks &= marks - 1) {
        int place = at + (Long.numberOfTrailingZeros(marks) >>> 3);
        int token = longest(text, place, to);
        if (token >= 0) {
          return (long) place << 32 | token;
        }
      }
    }
    return findByBytes(text, at, to);
  }

  private long findByBytes(byte[] text, int from, int to) {
    boolean[] firsts = this.firsts;
    for (int at = from; at < to; at++) {
      if (firsts[text[at] & 0xFF] && mayBegin(text, at, to)) {
        int token = longest(text, at, to);
        if (token >= 0) {
          return (long) at << 32 | token;
        }
      }
    }
    return -1;
  }

  private boolean mayBegin(byte[] text, int at, int to) {
    if (at + 1 == to) {
      return anyOfOneByte;
    }
    int pair = (text[at] & 0xFF) << 8 | (text[at + 1] & 0xFF);
    return (pairs[pair >>> 6] & 1L << pair) != 0;
  }

  private int longest(byte[] text, int from, int to) {
    int found = -1;
    int node = 0;
    for (int at = from; at < to; at++) {
      node = children[node * columnCount + columns[text[at] & 0xFF]];
      if (node == 0) {
        break;
      }
      if (ends[node] >= 0) {
        found = ends[node];
      }
    }
    return found;
  }
}
