package org.instella.tokenize.bpe;

import java.util.Arrays;

/**
 * A growing row of token ids that is reused from document to document, so that encoding leaves no
 * garbage behind.
 *
 * <p>Owned by one thread. {@link #ids()} hands out the array itself: valid up to {@link #size()}
 * and until the next append.
 */
public final class TokenBuffer {
  private int[] ids;
  private int size;

  public TokenBuffer() {
    this(1024);
  }

  /** Starts with room for {@code capacity} ids. */
  public TokenBuffer(int capacity) {
    ids = new int[Math.max(16, capacity)];
  }

  /** Appends one id. */
  public void add(int id) {
    if (size == ids.length) {
      grow(size + 1);
    }
    ids[size++] = id;
  }

  /** Appends {@code length} ids of {@code source} from {@code from}. */
  public void addAll(int[] source, int from, int length) {
    ensureRoom(length);
    System.arraycopy(source, from, ids, size, length);
    size += length;
  }

  /**
   * Makes room for {@code more} further ids, so that {@link #ids()} stays the same array for them.
   */
  public void ensureRoom(int more) {
    if (ids.length - size < more) {
      grow(Math.addExact(size, more));
    }
  }

  /** The array that holds the ids; only the first {@link #size()} of it count. */
  public int[] ids() {
    return ids;
  }

  /** The number of ids held. */
  public int size() {
    return size;
  }

  /**
   * Says that {@code newSize} ids are held, after a caller wrote into {@link #ids()} directly.
   *
   * @throws IndexOutOfBoundsException if the array is shorter than that
   */
  public void size(int newSize) {
    if (newSize < 0 || newSize > ids.length) {
      throw new IndexOutOfBoundsException(
          "size %d is outside 0..%d".formatted(newSize, ids.length));
    }
    size = newSize;
  }

  /** Forgets the ids and keeps the array. */
  public void clear() {
    size = 0;
  }

  /** A copy of the ids held. */
  public int[] toArray() {
    return Arrays.copyOf(ids, size);
  }

  private void grow(int least) {
    long doubled = Math.min(2L * ids.length, Integer.MAX_VALUE - 8);
    ids = Arrays.copyOf(ids, (int) Math.max(least, doubled));
  }
}
