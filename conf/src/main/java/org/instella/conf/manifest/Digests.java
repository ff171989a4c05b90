package org.instella.conf.manifest;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ForkJoinPool;
import org.instella.conf.error.EnvironmentException;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.conf.storage.StorageError;

/** SHA-256 of bytes, texts and files, as lower-case hexadecimal. */
public final class Digests {
  private Digests() {}

  public static MessageDigest newSha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform must have SHA-256", e);
    }
  }

  public static String hex(byte[] digest) {
    return HexFormat.of().formatHex(digest);
  }

  public static String sha256(byte[] bytes) {
    return hex(newSha256().digest(bytes));
  }

  public static String sha256(String text) {
    return sha256(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Reads the whole file. */
  public static String sha256(Storage storage, Location file) {
    return of(storage, file, file.name()).sha256();
  }

  /** Reads the whole file; the text of its {@link TreeDigest}. */
  public static String tree(Storage storage, Location file, TreeDigest.Algorithm algorithm) {
    int cores = Runtime.getRuntime().availableProcessors();
    TreeDigest digest = new TreeDigest(algorithm, ForkJoinPool.commonPool(), 2 * cores);
    byte[][] blocks = new byte[cores + 1][TreeDigest.BLOCK];
    List<CompletableFuture<Void>> hashed =
        new ArrayList<>(
            Collections.nCopies(blocks.length, CompletableFuture.completedFuture(null)));
    try (InputStream in = storage.open(file)) {
      for (int slot = 0; ; slot = (slot + 1) % blocks.length) {
        hashed.get(slot).join();
        int read = in.readNBytes(blocks[slot], 0, TreeDigest.BLOCK);
        hashed.set(slot, digest.update(ByteBuffer.wrap(blocks[slot], 0, read)));
        if (read < TreeDigest.BLOCK) {
          break;
        }
      }
    } catch (IOException e) {
      throw new EnvironmentException(
          StorageError.READ_FAILED, "Cannot read %s: %s".formatted(file, e.getMessage()), e);
    }
    return digest.finish();
  }

  /** Reads the whole file and measures it; {@code name} is the name in the manifest. */
  public static FileDigest of(Storage storage, Location file, String name) {
    MessageDigest digest = newSha256();
    byte[] buffer = new byte[1 << 18];
    long bytes = 0;
    try (InputStream in = storage.open(file)) {
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        digest.update(buffer, 0, read);
        bytes += read;
      }
    } catch (IOException e) {
      throw new EnvironmentException(
          StorageError.READ_FAILED, "Cannot read %s: %s".formatted(file, e.getMessage()), e);
    }
    return new FileDigest(name, bytes, hex(digest.digest()));
  }
}
