package org.instella.model.checkpoint;

import java.security.MessageDigest;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import org.instella.conf.manifest.Digests;
import org.instella.conf.manifest.TreeDigest;

/**
 * Hashes a file while it is written. What {@link #update} is given may be reused after {@link
 * #taken}.
 */
interface FileHash {
  Executor THREADS =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "safetensors-hash");
            thread.setDaemon(true);
            return thread;
          });

  /** Takes the next bytes in, perhaps in the background. */
  void update(byte[] bytes, int from, int count);

  /** Waits until the bytes of the last update are the caller's again. */
  void taken();

  /** The digest as a manifest writes it. */
  String finish();

  /** SHA-256 of the file, one core, beside the writing. */
  static FileHash sha256() {
    return new Sha256();
  }

  /** {@link TreeDigest} of the file, all cores. */
  static FileHash tree() {
    return new Tree();
  }

  /** Large pieces are hashed while they are written: either alone may be the slower one. */
  final class Sha256 implements FileHash {
    private static final int PARALLEL_FROM = 1 << 18;
    private final MessageDigest digest = Digests.newSha256();
    private CompletableFuture<Void> running = CompletableFuture.completedFuture(null);

    private Sha256() {}

    @Override
    public void update(byte[] bytes, int from, int count) {
      if (count < PARALLEL_FROM) {
        digest.update(bytes, from, count);
        return;
      }
      running = CompletableFuture.runAsync(() -> digest.update(bytes, from, count), THREADS);
    }

    @Override
    public void taken() {
      running.join();
    }

    @Override
    public String finish() {
      return Digests.hex(digest.digest());
    }
  }

  /** Blocks are copied and hashed by whoever is free. */
  final class Tree implements FileHash {
    private final TreeDigest digest =
        new TreeDigest(THREADS, Runtime.getRuntime().availableProcessors() + 1);

    private Tree() {}

    @Override
    public void update(byte[] bytes, int from, int count) {
      digest.update(bytes, from, count);
    }

    @Override
    public void taken() {} // it copies

    @Override
    public String finish() {
      return digest.finish();
    }
  }
}
