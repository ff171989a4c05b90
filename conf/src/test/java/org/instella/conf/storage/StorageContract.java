package org.instella.conf.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.instella.conf.error.DataException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every {@link Storage} promises; one class per file system runs it. */
abstract class StorageContract {
  private final Storage storage = storage();

  /** What is tested. */
  Storage storage() {
    return Storage.standard();
  }

  /** An empty folder of this test's own. */
  abstract Location folder();

  @ParameterizedTest(name = "{0} bytes")
  @ValueSource(
      ints = {0, 1, 4096, 1_048_575, 1_048_576, 2_097_151, 2_097_152, 4_194_304, 9_000_001})
  void largeFilesHaveTheBytesThatWereWritten(int length) throws IOException {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    Location file = folder().resolve("deep/large-" + length);
    try (OutputStream out = storage.createLarge(file)) {
      int at = 0;
      for (int piece = 1; at < length; piece = piece * 3 + 1) {
        int count = Math.min(piece, length - at);
        if (out instanceof WritableByteChannel channel && piece % 2 == 0) {
          ByteBuffer direct = ByteBuffer.allocateDirect(count).put(bytes, at, count).flip();
          assertThat(channel.write(direct)).isEqualTo(count);
          assertThat(direct.hasRemaining()).isFalse();
        } else {
          out.write(bytes, at, count);
        }
        at += count;
      }
    }
    assertThat(storage.readBytes(file, Math.max(1, length))).isEqualTo(bytes);
    assertThatThrownBy(() -> storage.createLarge(file))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("large-" + length);
  }

  @Test
  void readsBackWhatWasWrittenFromAnyOffset() throws IOException {
    Location file = folder().resolve("a/b/c.txt");
    storage.writeText(file, "0123456789");
    assertThat(storage.readText(file)).isEqualTo("0123456789");
    try (var in = storage.open(file, 4)) {
      assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8)).isEqualTo("456789");
    }
    assertThat(storage.stat(file).bytes()).isEqualTo(10);
  }

  @Test
  void aStreamMayBeClosedTwice() throws IOException {
    for (boolean large : List.of(false, true)) {
      Location file = folder().resolve("twice-" + large);
      OutputStream out = large ? storage.createLarge(file) : storage.create(file);
      out.write(7);
      out.close();
      out.close();
      assertThat(storage.readBytes(file, 1)).containsExactly(7);
    }
  }

  @Test
  void whatIsFlushedCanBeReadWhileTheFileIsOpen() throws IOException {
    Location file = folder().resolve("growing");
    try (OutputStream out = storage.create(file)) {
      out.write("line one\n".getBytes(StandardCharsets.UTF_8));
      out.flush();
      try (var in = storage.open(file)) {
        assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8)).isEqualTo("line one\n");
      }
    }
  }

  @Test
  void refusesToOverwriteAFile() {
    Location file = folder().resolve("x");
    storage.writeText(file, "first");
    assertThatThrownBy(() -> storage.writeText(file, "second"))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("exists already and is not overwritten");
    assertThat(storage.readText(file)).isEqualTo("first");
  }

  @Test
  void refusesAFileLongerThanAllowed() {
    Location file = folder().resolve("x");
    storage.writeText(file, "12345");
    assertThatThrownBy(() -> storage.readBytes(file, 4)).hasMessageContaining("longer than the 4");
    assertThat(storage.readBytes(file, 5)).hasSize(5);
  }

  @Test
  void listsSortedByLocation() {
    for (String name : List.of("b", "a/z", "a/y", "c")) {
      storage.writeText(folder().resolve(name), name);
    }
    assertThat(storage.list(folder()))
        .extracting(e -> e.location().name())
        .containsExactly("a", "b", "c");
    assertThat(storage.listFiles(folder()))
        .extracting(e -> e.location().name())
        .containsExactly("y", "z", "b", "c");
  }

  @Test
  void aMissingFileIsNamed() {
    Location missing = folder().resolve("none");
    assertThatThrownBy(() -> storage.readText(missing))
        .isInstanceOf(DataException.class)
        .hasMessageContaining(missing + ": not found");
    assertThatThrownBy(() -> storage.stat(missing)).isInstanceOf(DataException.class);
    assertThat(storage.exists(missing)).isFalse();
    storage.delete(missing);
  }

  @Test
  void publishesAFolderOnceAndRefusesASecondTime() {
    Location published = folder().resolve("out");
    Location first = storage.staging(published);
    Location second = storage.staging(published);
    storage.writeText(first.resolve("manifest.json"), "first");
    storage.writeText(second.resolve("manifest.json"), "second");
    storage.publish(first, published);
    assertThatThrownBy(() -> storage.publish(second, published))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("exists already and is not overwritten");
    assertThat(storage.readText(published.resolve("manifest.json"))).isEqualTo("first");
    assertThat(storage.exists(first)).isFalse();
    assertThat(storage.exists(second)).isTrue();
    assertThat(storage.list(published)).hasSize(1);
  }

  @Test
  void publishesAFileOnceAndRefusesASecondTime() {
    Location published = folder().resolve("out.txt");
    Location first = folder().resolve("first");
    Location second = folder().resolve("second");
    storage.writeText(first, "first");
    storage.writeText(second, "second");
    storage.publish(first, published);
    assertThatThrownBy(() -> storage.publish(second, published)).isInstanceOf(DataException.class);
    assertThat(storage.readText(published)).isEqualTo("first");
  }

  @Test
  void ofManyPublishersAtOnceExactlyOneWins() throws Exception {
    Location published = folder().resolve("race");
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      List<Callable<Boolean>> publishers = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        Location staging = storage.staging(published);
        storage.writeText(staging.resolve("manifest.json"), "publisher " + i);
        publishers.add(
            () -> {
              try {
                storage.publish(staging, published);
                return true;
              } catch (DataException e) {
                return false;
              }
            });
      }
      int winners = 0;
      for (Future<Boolean> won : threads.invokeAll(publishers)) {
        winners += won.get() ? 1 : 0;
      }
      assertThat(winners).isEqualTo(1);
      assertThat(storage.list(published)).hasSize(1);
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void aLocalCopyHasTheSameBytes() throws IOException {
    Location file = folder().resolve("x.bin");
    try (OutputStream out = storage.create(file)) {
      out.write(new byte[] {1, 2, 3});
    }
    assertThat(Files.readAllBytes(storage.localCopy(file))).containsExactly(1, 2, 3);
    assertThat(storage.localCopy(file)).isEqualTo(storage.localCopy(file));
  }
}
