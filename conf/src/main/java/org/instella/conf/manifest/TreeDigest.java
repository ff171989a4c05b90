package org.instella.conf.manifest;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/**
 * A digest of a large file that many cores compute together: a hash over the hashes of its blocks
 * of 4 MiB, in order, the last one as long as it is. A plain SHA-256 of the file has to be computed
 * from the first byte to the last by one core.
 *
 * <p>Bytes are handed over in order by one thread; blocks are hashed by others, in place.
 */
public final class TreeDigest {
  /** Bytes of a block. */
  public static final int BLOCK = 1 << 22;

  /** The hash of blocks and root. New files get the first; the others are read for ever. */
  public enum Algorithm {
    /** Three times as fast as the other where processors have instructions for it. */
    SHA_256("SHA-256", "tree-sha256", "tree-sha256:"),
    /** Of merges before decision 10. */
    SHA_512_256("SHA-512/256", "tree-sha512-256", "tree:");

    private final String javaName;
    private final String key;
    private final String prefix;

    Algorithm(String javaName, String key, String prefix) {
      this.javaName = javaName;
      this.key = key;
      this.prefix = prefix;
    }

    /** The key under which a manifest keeps such a digest, without its prefix. */
    public String key() {
      return key;
    }

    /** What the text of such a digest begins with. */
    public String prefix() {
      return prefix;
    }

    /** The algorithm of a digest; empty for a plain SHA-256. */
    public static Optional<Algorithm> of(String digest) {
      for (Algorithm algorithm : values()) {
        if (digest.startsWith(algorithm.prefix)) {
          return Optional.of(algorithm);
        }
      }
      return Optional.empty();
    }

    private MessageDigest start() {
      try {
        return MessageDigest.getInstance(javaName);
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("Java 9 and newer have " + javaName, e);
      }
    }
  }

  private final Algorithm algorithm;
  private final Executor executor;
  private final int parallel;
  private final List<CompletableFuture<byte[]>> digests = new ArrayList<>();
  private MessageDigest block;
  private CompletableFuture<Void> last = CompletableFuture.completedFuture(null);
  private int filled;
  private long bytes;

  /** A digest of no bytes so far, by the algorithm of new files. */
  public TreeDigest(Executor executor, int parallel) {
    this(Algorithm.SHA_256, executor, parallel);
  }

  /**
   * A digest of no bytes so far.
   *
   * @param executor hashes blocks
   * @param parallel full blocks that may be on their way at once
   */
  public TreeDigest(Algorithm algorithm, Executor executor, int parallel) {
    this.algorithm = algorithm;
    this.executor = executor;
    this.parallel = Math.max(1, parallel);
    this.block = algorithm.start();
  }

  /**
   * Takes the next bytes in, all that remain in {@code source}, without copying or moving it.
   *
   * @return completes when the bytes may be reused
   */
  public CompletableFuture<Void> update(ByteBuffer source) {
    List<CompletableFuture<Void>> parts = new ArrayList<>();
    int end = source.limit();
    for (int at = source.position(); at < end; ) {
      int length = Math.min(end - at, BLOCK - filled);
      parts.add(append(source.slice(at, length)));
      at += length;
      filled += length;
      bytes += length;
      if (filled == BLOCK) {
        finishBlock();
      }
    }
    return CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new));
  }

  /** Bytes taken in so far. */
  public long bytes() {
    return bytes;
  }

  /** The digest as text, prefix and 64 hexadecimal digits; call it once, after the last byte. */
  public String finish() {
    if (filled > 0) {
      finishBlock();
    }
    MessageDigest root = algorithm.start();
    digests.forEach(digest -> root.update(digest.join()));
    return algorithm.prefix() + Digests.hex(root.digest());
  }

  private CompletableFuture<Void> append(ByteBuffer part) {
    MessageDigest digest = block;
    last = last.thenRunAsync(() -> digest.update(part), executor);
    return last;
  }

  private void finishBlock() {
    MessageDigest digest = block;
    digests.add(last.thenApply(done -> digest.digest()));
    if (digests.size() >= parallel) {
      digests.get(digests.size() - parallel).join(); // what is lent stays bounded
    }
    block = algorithm.start();
    last = CompletableFuture.completedFuture(null);
    filled = 0;
  }
}
