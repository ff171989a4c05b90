package org.instella.conf.manifest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ForkJoinPool;
import org.instella.conf.error.DataException;
import org.instella.conf.manifest.TreeDigest.Algorithm;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TreeDigestTest {
  private static byte[] random(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  /** The definition in plain words. */
  private static String expected(byte[] bytes, Algorithm algorithm) throws Exception {
    String hash = algorithm == Algorithm.SHA_256 ? "SHA-256" : "SHA-512/256";
    MessageDigest root = MessageDigest.getInstance(hash);
    for (int from = 0; from < bytes.length; from += 4_194_304) {
      byte[] block = Arrays.copyOfRange(bytes, from, Math.min(bytes.length, from + 4_194_304));
      root.update(MessageDigest.getInstance(hash).digest(block));
    }
    return (algorithm == Algorithm.SHA_256 ? "tree-sha256:" : "tree:") + Digests.hex(root.digest());
  }

  @ParameterizedTest(name = "{0} bytes")
  @ValueSource(ints = {0, 1, 4_194_303, 4_194_304, 4_194_305, 13_000_000})
  void isTheDigestOfTheDigestsOfBlocks(int length) throws Exception {
    byte[] bytes = random(length);
    for (Algorithm algorithm : Algorithm.values()) {
      for (int piece : new int[] {1_000_003, 8_388_608}) {
        TreeDigest digest = new TreeDigest(algorithm, ForkJoinPool.commonPool(), 2);
        for (int from = 0; from < length; from += piece) {
          byte[] lent = Arrays.copyOfRange(bytes, from, Math.min(length, from + piece));
          CompletableFuture<Void> hashed = digest.update(ByteBuffer.wrap(lent));
          hashed.thenRun(() -> Arrays.fill(lent, (byte) 0)); // ours again, at once
        }
        assertThat(digest.bytes()).isEqualTo(length);
        assertThat(digest.finish()).isEqualTo(expected(bytes, algorithm));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"SHA_256, tree-sha256", "SHA_512_256, tree-sha512-256"})
  void aManifestKeepsItAndVerifiesByIt(Algorithm algorithm, String key, @TempDir Path root)
      throws Exception {
    Storage storage = Storage.standard();
    byte[] bytes = random(5_000_000);
    Files.write(root.resolve("weights"), bytes);
    Location folder = Location.of(root);
    Manifest.builder("test", 1)
        .file(new FileDigest("weights", bytes.length, expected(bytes, algorithm)))
        .build()
        .writeTo(storage, folder);
    assertThat(Files.readString(root.resolve("manifest.json")))
        .contains("\"%s\": \"%s\"".formatted(key, expected(bytes, algorithm).split(":")[1]))
        .doesNotContain("\"sha256\"");
    Manifest read = Manifest.read(storage, folder);
    read.verify(storage, folder);
    bytes[4_999_999] ^= 1;
    Files.write(root.resolve("weights"), bytes);
    assertThatThrownBy(() -> read.verify(storage, folder))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("weights has digest tree")
        .hasMessageContaining("but its manifest says " + expected(random(5_000_000), algorithm));
  }
}
