package org.instella.eval.task;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/**
 * Python 3's {@code random.Random}: the Mersenne Twister MT19937 (Matsumoto and Nishimura 1998)
 * with Python's ways of seeding and of drawing from ranges. OLMES chooses the documents of its
 * 1,000-item tasks with it.
 */
public final class PythonRandom {
  private static final int SIZE = 624;
  private static final int SHIFT = 397;

  private final int[] state = new int[SIZE];
  private int next = SIZE;

  /** {@code random.Random(seed)} of an integer. */
  public PythonRandom(long seed) {
    this(wordsOf(Math.abs(seed)));
  }

  /** {@code random.Random(seed)} of a string (version 2 seeding). */
  public PythonRandom(String seed) {
    this(wordsOf(bytesAndDigest(seed)));
  }

  private PythonRandom(int[] key) {
    seedByArray(key);
  }

  /** {@code random()}: 53 random bits in [0, 1). */
  public double random() {
    long high = word() >>> 5;
    long low = word() >>> 6;
    return (high * 67108864.0 + low) / 9007199254740992.0;
  }

  /** {@code randbelow(n)}, which {@code randint}, {@code choice} and {@code shuffle} rest on. */
  public int below(int n) {
    if (n <= 0) {
      throw new IllegalArgumentException("cannot draw below " + n);
    }
    int bits = Integer.SIZE - Integer.numberOfLeadingZeros(n);
    long drawn = word() >>> (32 - bits);
    while (drawn >= n) {
      drawn = word() >>> (32 - bits);
    }
    return (int) drawn;
  }

  /** {@code shuffle} of the indices 0 to n - 1. */
  public int[] shuffled(int n) {
    int[] order = identity(n);
    for (int i = n - 1; i > 0; i--) {
      int j = below(i + 1);
      int kept = order[i];
      order[i] = order[j];
      order[j] = kept;
    }
    return order;
  }

  /** {@code sample(range(n), k)}, in the order drawn. */
  public int[] sample(int n, int k) {
    if (k < 0 || k > n) {
      throw new IllegalArgumentException("cannot draw %d of %d".formatted(k, n));
    }
    return n <= poolLimit(k) ? sampleFromPool(n, k) : sampleBySet(n, k);
  }

  private int[] sampleFromPool(int n, int k) {
    int[] pool = identity(n);
    int[] drawn = new int[k];
    for (int i = 0; i < k; i++) {
      int j = below(n - i);
      drawn[i] = pool[j];
      pool[j] = pool[n - i - 1];
    }
    return drawn;
  }

  private int[] sampleBySet(int n, int k) {
    Set<Integer> seen = new HashSet<>();
    int[] drawn = new int[k];
    for (int i = 0; i < k; i++) {
      int j = below(n);
      while (!seen.add(j)) {
        j = below(n);
      }
      drawn[i] = j;
    }
    return drawn;
  }

  /** Python switches from a pool to a set where a set of k would be smaller than a list of n. */
  private static long poolLimit(int k) {
    long limit = 21;
    if (k > 5) {
      long power = 1;
      while (power < 3L * k) {
        power *= 4;
      }
      limit += power;
    }
    return limit;
  }

  private long word() {
    if (next == SIZE) {
      regenerate();
    }
    int y = state[next++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    y ^= y >>> 18;
    return Integer.toUnsignedLong(y);
  }

  private void regenerate() {
    for (int i = 0; i < SIZE; i++) {
      int y = (state[i] & 0x80000000) | (state[(i + 1) % SIZE] & 0x7fffffff);
      state[i] = state[(i + SHIFT) % SIZE] ^ (y >>> 1) ^ ((y & 1) == 0 ? 0 : 0x9908b0df);
    }
    next = 0;
  }

  private void seedByArray(int[] key) {
    state[0] = 19650218;
    for (int i = 1; i < SIZE; i++) {
      state[i] = 1812433253 * (state[i - 1] ^ (state[i - 1] >>> 30)) + i;
    }
    int i = 1;
    int j = 0;
    for (int k = Math.max(SIZE, key.length); k > 0; k--) {
      state[i] = (state[i] ^ ((state[i - 1] ^ (state[i - 1] >>> 30)) * 1664525)) + key[j] + j;
      i = wrapped(i + 1);
      j = (j + 1) % key.length;
    }
    for (int k = SIZE - 1; k > 0; k--) {
      state[i] = (state[i] ^ ((state[i - 1] ^ (state[i - 1] >>> 30)) * 1566083941)) - i;
      i = wrapped(i + 1);
    }
    state[0] = 0x80000000;
  }

  private int wrapped(int i) {
    if (i < SIZE) {
      return i;
    }
    state[0] = state[SIZE - 1];
    return 1;
  }

  private static int[] identity(int n) {
    int[] order = new int[n];
    Arrays.setAll(order, i -> i);
    return order;
  }

  private static int[] wordsOf(long value) {
    int low = (int) value;
    int high = (int) (value >>> 32);
    return high == 0 ? new int[] {low} : new int[] {low, high};
  }

  /** 32-bit words of a big-endian number, the lowest first, without leading zero words. */
  private static int[] wordsOf(byte[] bigEndian) {
    int count = (bigEndian.length + 3) / 4;
    int[] words = new int[count];
    for (int i = 0; i < bigEndian.length; i++) {
      int fromEnd = bigEndian.length - 1 - i;
      words[fromEnd / 4] |= (bigEndian[i] & 0xff) << (8 * (fromEnd % 4));
    }
    int used = count;
    while (used > 1 && words[used - 1] == 0) {
      used--;
    }
    return Arrays.copyOf(words, used);
  }

  private static byte[] bytesAndDigest(String seed) {
    byte[] text = seed.getBytes(StandardCharsets.UTF_8);
    byte[] digest;
    try {
      digest = MessageDigest.getInstance("SHA-512").digest(text);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-512", e);
    }
    byte[] all = Arrays.copyOf(text, text.length + digest.length);
    System.arraycopy(digest, 0, all, text.length, digest.length);
    return all;
  }
}
