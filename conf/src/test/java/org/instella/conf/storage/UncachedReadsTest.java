package org.instella.conf.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UncachedReadsTest {
  private static final int BYTES = (5 << 20) + 1234; // the end is no multiple of any block

  @TempDir private Path folder;
  private final byte[] content = new byte[BYTES];
  private Path file;
  private FileChannel cached;

  @BeforeEach
  void aFileThatTheSystemHasNotCached() throws IOException {
    new Random(5).nextBytes(content);
    file = folder.resolve("file");
    try (OutputStream out = Storage.standard().createLarge(Location.of(file))) {
      out.write(content);
    }
    cached = FileChannel.open(file, StandardOpenOption.READ);
  }

  @AfterEach
  void close() throws IOException {
    cached.close();
  }

  /** Skips on file systems without reads past the cache. */
  private UncachedReads reads() {
    var reads = UncachedReads.open(file, cached);
    assumeTrue(reads.isPresent(), "the file system of " + file + " reads through its cache only");
    return reads.get();
  }

  private void assertReads(UncachedReads reads, long position, int length, ByteBuffer room)
      throws IOException {
    byte[] read = new byte[length];
    ByteBuffer bytes = reads.read(position, length, room);
    assertThat(bytes.remaining()).isEqualTo(length);
    bytes.get(read);
    assertThat(read)
        .as("[%d, +%d)", position, length)
        .isEqualTo(Arrays.copyOfRange(content, (int) position, (int) position + length));
  }

  @Test
  void anyPartIsReadWhereverItBeginsAndEnds() throws IOException {
    try (UncachedReads reads = reads()) {
      for (int length : new int[] {0, 1, 4095, 4096, 4097, 1 << 19, (1 << 19) + 1}) {
        ByteBuffer room = AlignedMemory.room(length);
        for (long position : new long[] {0, 1, 8, 4095, 4096, 4097, 1_000_003, BYTES - length}) {
          assertReads(reads, position, length, room);
        }
      }
      assertReads(reads, 0, BYTES, AlignedMemory.room(BYTES));
      ByteBuffer room = AlignedMemory.room(1 << 16);
      Random random = new Random(6);
      for (int i = 0; i < 300; i++) {
        int length = random.nextInt(1 << 16);
        assertReads(reads, random.nextInt(BYTES - length + 1), length, room);
      }
    }
  }

  @Test
  void whatIsNotCachedDoesNotGetIntoTheCache() throws IOException {
    try (UncachedReads reads = reads()) {
      assumeTrue(!reads.isCached(0), "this file system keeps what was written past its cache");
      assertReads(reads, 100, 1 << 20, AlignedMemory.room(1 << 20));
      assertThat(reads.isCached(100)).isFalse();

      Files.readAllBytes(file);
      assertThat(reads.isCached(100)).isTrue();
      assertReads(reads, 100, 1 << 20, AlignedMemory.room(1 << 20));
    }
  }

  @Test
  void whatWasWrittenThroughTheCacheIsSeen() throws IOException {
    byte[] news = new byte[10_000];
    new Random(7).nextBytes(news);
    try (UncachedReads reads = reads();
        FileChannel writer = FileChannel.open(file, StandardOpenOption.WRITE)) {
      writer.write(ByteBuffer.wrap(news), 1_000_000);
      System.arraycopy(news, 0, content, 1_000_000, news.length);
      assertReads(reads, 900_000, 1 << 20, AlignedMemory.room(1 << 20));
    }
  }

  @Test
  void aFileThatBecameShorterIsNoticedWhereverItEnds() throws IOException {
    try (UncachedReads reads = reads();
        FileChannel writer = FileChannel.open(file, StandardOpenOption.WRITE)) {
      for (int end : new int[] {BYTES - 1, 4 << 20, (3 << 20) + 77, 10, 0}) {
        writer.truncate(end);
        ByteBuffer room = AlignedMemory.room(1 << 20);
        if (end > 1 << 19) {
          assertReads(reads, end - (1 << 19), 1 << 19, room);
        }
        for (long position : new long[] {Math.max(0, end - 5000), end, end + 12_345}) {
          assertThatThrownBy(() -> reads.read(position, 100_000, room))
              .as("at %d of %d", position, end)
              .isInstanceOf(EOFException.class);
        }
      }
    }
  }

  @Test
  void aDiskThatRefusesIsReadThroughTheCache() throws IOException {
    FileChannel refusing = FileChannel.open(file, StandardOpenOption.READ);
    refusing.close();
    MappedByteBuffer pages = cached.map(MapMode.READ_ONLY, 0, BYTES);
    UncachedReads reads = new UncachedReads(cached, refusing, new MappedByteBuffer[] {pages});
    ByteBuffer room = AlignedMemory.room(1 << 20);
    assertReads(reads, 77, 1 << 20, room);
    assertReads(reads, BYTES - 5, 5, room);
  }

  @Test
  void fileSystemsThatKnowOnlyCachedReadsAreLeftToThem() throws IOException {
    URI archive = URI.create("jar:" + folder.resolve("archive.zip").toUri());
    try (FileSystem zip = FileSystems.newFileSystem(archive, Map.of("create", "true"))) {
      Path inside = Files.copy(file, zip.getPath("/file"));
      assertThat(UncachedReads.open(inside, cached)).isEmpty();
    }
  }
}
