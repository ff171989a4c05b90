package org.instella.conf.storage;

import com.sun.nio.file.ExtendedOpenOption;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * Writes a large file past the system's page cache (O_DIRECT), in aligned blocks: no page has to be
 * found, filled and written back later, which costs more processor time than the copy to the disk.
 * What is left at the end goes through the cache. The bytes are on disk when close returns.
 */
final class UncachedStream extends OutputStream implements WritableByteChannel {
  private static final int BLOCK = 1 << 22;

  private final FileChannel cached;
  private final FileChannel uncached;
  private final ByteBuffer block;
  private long written;
  private boolean closed;

  private UncachedStream(FileChannel cached, FileChannel uncached, ByteBuffer block) {
    this.cached = cached;
    this.uncached = uncached;
    this.block = block;
  }

  /**
   * A stream into an empty file; empty where the file system knows only cached writes.
   *
   * @param cached the file, open for writing; the stream closes it
   */
  static Optional<UncachedStream> open(Path file, FileChannel cached) {
    try {
      int alignment = Math.toIntExact(Files.getFileStore(file).getBlockSize());
      if (alignment < 1 || BLOCK % alignment != 0) {
        return Optional.empty();
      }
      FileChannel uncached =
          FileChannel.open(file, StandardOpenOption.WRITE, ExtendedOpenOption.DIRECT);
      ByteBuffer room = ByteBuffer.allocateDirect(BLOCK + alignment).alignedSlice(alignment);
      return Optional.of(new UncachedStream(cached, uncached, room.slice(0, BLOCK)));
    } catch (IOException | UnsupportedOperationException e) {
      return Optional.empty();
    }
  }

  @Override
  public void write(int b) throws IOException {
    block.put((byte) b);
    writeIfFull();
  }

  @Override
  public void write(byte[] bytes, int from, int count) throws IOException {
    write(ByteBuffer.wrap(bytes, from, count));
  }

  @Override
  public int write(ByteBuffer bytes) throws IOException {
    int count = bytes.remaining();
    while (bytes.hasRemaining()) {
      int part = Math.min(bytes.remaining(), block.remaining());
      block.put(bytes.slice(bytes.position(), part));
      bytes.position(bytes.position() + part);
      writeIfFull();
    }
    return count;
  }

  @Override
  public boolean isOpen() {
    return !closed;
  }

  private void writeIfFull() throws IOException {
    if (block.hasRemaining()) {
      return;
    }
    block.flip();
    while (block.hasRemaining()) {
      written += uncached.write(block, written);
    }
    block.clear();
  }

  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    try (cached;
        uncached) {
      block.flip();
      while (block.hasRemaining()) {
        written += cached.write(block, written);
      }
      cached.force(true);
    }
  }
}
