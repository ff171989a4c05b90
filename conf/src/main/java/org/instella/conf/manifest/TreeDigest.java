package org.instella.conf.manifest;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/**
 * A digest of a large file that many cores compute together: SHA-512/256 over the SHA-512/256
 * digests of its blocks of 4 MiB, in order, the last one as long as it is. Written as {@code tree:}
 * and 64 hexadecimal digits. A plain SHA-256 of the file has to be computed from the first byte to
 * the last by one core; without SHA instructions that is slower than any disk.
 *
 * <p>Bytes are handed over in order by one thread; blocks are hashed by others.
 */
public final class TreeDigest {
  /** What the text of such a digest begins with. */
  public static final String PREFIX = "tree:";

  /** Bytes of a block. */
  public static final int BLOCK = 1 << 22;

  private final Executor executor;
  private final int parallel;
  private final List<CompletableFuture<byte[]>> digests = new ArrayList<>();
  private final Deque<byte[]> free = new ArrayDeque<>();
  private byte[] block = new byte[BLOCK];
  private int filled;
  private long bytes;

  /**
   * A digest of no bytes so far.
   *
   * @param executor hashes blocks
   * @param parallel blocks that may be on their way at once; each takes 4 MiB
   */
  public TreeDigest(Executor executor, int parallel) {
    this.executor = executor;
    this.parallel = Math.max(1, parallel);
  }

  /** Takes the next bytes in; they may be reused when this returns. */
  public void update(byte[] source, int from, int count) {
    int done = 0;
    while (done < count) {
      int part = Math.min(count - done, BLOCK - filled);
      System.arraycopy(source, from + done, block, filled, part);
      filled += part;
      done += part;
      if (filled == BLOCK) {
        submit();
      }
    }
    bytes += count;
  }

  /** Bytes taken in so far. */
  public long bytes() {
    return bytes;
  }

  /** The digest as text; call it once, after the last byte. */
  public String finish() {
    if (filled > 0) {
      submit();
    }
    MessageDigest root = sha512of256();
    digests.forEach(digest -> root.update(digest.join()));
    return PREFIX + Digests.hex(root.digest());
  }

  private void submit() {
    byte[] full = block;
    int length = filled;
    digests.add(
        CompletableFuture.supplyAsync(
            () -> {
              MessageDigest digest = sha512of256();
              digest.update(full, 0, length);
              synchronized (free) {
                free.add(full);
              }
              return digest.digest();
            },
            executor));
    filled = 0;
    if (digests.size() >= parallel) {
      digests.get(digests.size() - parallel).join(); // memory stays bounded
    }
    synchronized (free) {
      block = free.isEmpty() ? new byte[BLOCK] : free.remove();
    }
  }

  private static MessageDigest sha512of256() {
    try {
      return MessageDigest.getInstance("SHA-512/256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Java 9 and newer have SHA-512/256", e);
    }
  }
}
