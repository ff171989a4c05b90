package org.instella.conf.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A disk that fails while nobody waits for it: here, one that was closed. */
class UncachedStreamTest {
  private static final byte[] BLOCK = new byte[UncachedStream.BLOCK];

  @TempDir Path folder;

  @Test
  void oneOfTheNextBlocksTellsOfOneThatFailed() throws IOException {
    UncachedStream stream = onFailingDisk(file(), WriteBehind.THREADS);
    assertThatThrownBy(
            () -> {
              for (int i = 0; i <= UncachedStream.IN_LINE; i++) {
                stream.write(BLOCK); // sent, by another thread
              }
            })
        .isInstanceOf(ClosedChannelException.class);
    assertThatThrownBy(stream::close).isInstanceOf(ClosedChannelException.class);
  }

  @Test
  void closingTellsOfTheLastOne() throws IOException {
    FileChannel cached = file();
    Held held = new Held();
    UncachedStream stream = onFailingDisk(cached, held);
    stream.write(BLOCK);
    stream.write(1);
    held.run();
    assertThatThrownBy(stream::close).isInstanceOf(ClosedChannelException.class);
    assertThat(cached.isOpen()).isFalse();
    stream.close(); // has been told
  }

  /** Buffers in their place and out of it, small and large, between ordinary writes. */
  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void lentBuffersLieInTheFileAsCopiedOnesDo(long seed) throws Exception {
    Random random = new Random(seed);
    ByteArrayOutputStream expected = new ByteArrayOutputStream();
    Path path = folder.resolve("lent-" + seed);
    Location file = Location.of(path);
    List<CompletableFuture<Void>> returned = new ArrayList<>();
    try (OutputStream out = Storage.standard().createLarge(file)) {
      assumeTrue(out instanceof LentOutput, "this file system knows cached writes only");
      for (int i = 0; i < 25; i++) {
        byte[] bytes =
            new byte[random.nextBoolean() ? random.nextInt(9000) : random.nextInt(1 << 21)];
        random.nextBytes(bytes);
        if (random.nextInt(3) == 0) {
          out.write(bytes);
        } else {
          boolean inPlace = random.nextInt(4) > 0;
          int lead = inPlace ? AlignedMemory.lead(expected.size()) : random.nextInt(4096);
          ByteBuffer room = AlignedMemory.room(bytes.length);
          room.position(lead).put(bytes).flip().position(lead);
          returned.add(((LentOutput) out).lend(room));
          assertThat(room.remaining()).isZero();
        }
        expected.write(bytes);
      }
    }
    assertThat(returned).allSatisfy(future -> assertThat(future).isCompleted());
    assertThat(Files.readAllBytes(path)).isEqualTo(expected.toByteArray());
  }

  @Test
  void aLentBufferThatDidNotReachTheDiskIsTold() throws IOException {
    Held held = new Held();
    UncachedStream stream = onFailingDisk(file(), held);
    CompletableFuture<Void> returned = stream.lend(AlignedMemory.room(1 << 20).limit(1 << 20));
    held.run();
    assertThat(returned).failsWithin(Duration.ofMinutes(1));
    assertThatThrownBy(() -> stream.lend(AlignedMemory.room(1 << 20).limit(1 << 20)))
        .isInstanceOf(ClosedChannelException.class);
    assertThatThrownBy(stream::close).isInstanceOf(ClosedChannelException.class);
  }

  private UncachedStream onFailingDisk(FileChannel cached, Executor threads) throws IOException {
    FileChannel closed = file();
    closed.close();
    return new UncachedStream(cached, closed, 4096, threads);
  }

  private FileChannel file() throws IOException {
    return FileChannel.open(
        folder.resolve("file"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }

  /** Does what it was given when the test says so: until then nobody can know of the failure. */
  private static final class Held implements Executor {
    private final Queue<Runnable> tasks = new ArrayDeque<>();

    @Override
    public void execute(Runnable task) {
      tasks.add(task);
    }

    void run() {
      while (!tasks.isEmpty()) {
        tasks.poll().run();
      }
    }
  }
}
