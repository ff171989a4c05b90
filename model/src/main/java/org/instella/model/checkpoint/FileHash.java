package org.instella.model.checkpoint;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import org.instella.conf.manifest.Digests;
import org.instella.conf.manifest.TreeDigest;

/** Hashes a file while it is written. */
interface FileHash {
  Executor THREADS =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "safetensors-hash");
            thread.setDaemon(true);
            return thread;
          });

  /**
   * Takes the next bytes in, perhaps in the background; does not move the buffer.
   *
   * @return completes when the bytes are the caller's again
   */
  CompletableFuture<Void> update(ByteBuffer bytes);

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
    public CompletableFuture<Void> update(ByteBuffer bytes) {
      ByteBuffer view = bytes.slice();
      if (view.remaining() < PARALLEL_FROM && running.isDone()) {
        digest.update(view);
      } else {
        running = running.thenRunAsync(() -> digest.update(view), THREADS);
      }
      return running;
    }

    @Override
    public String finish() {
      running.join();
      return Digests.hex(digest.digest());
    }
  }

  /** Blocks are hashed by whoever is free. */
  final class Tree implements FileHash {
    private final TreeDigest digest =
        new TreeDigest(THREADS, Runtime.getRuntime().availableProcessors() + 1);

    private Tree() {}

    @Override
    public CompletableFuture<Void> update(ByteBuffer bytes) {
      return digest.update(bytes);
    }

    @Override
    public String finish() {
      return digest.finish();
    }
  }
}
