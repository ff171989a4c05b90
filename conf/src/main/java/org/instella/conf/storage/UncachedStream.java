package org.instella.conf.storage;

import com.sun.nio.file.ExtendedOpenOption;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * Writes a large file past the system's page cache (O_DIRECT), in aligned blocks: no page has to be
 * found, filled and written back later, which costs more processor time than the copy to the disk.
 * One block is on its way to the disk while the next is filled, so that nobody waits for a disk
 * that keeps up. What is left at the end goes through the cache. The bytes are on disk when close
 * returns; a failure is told by the next call that has to do with the disk.
 */
final class UncachedStream extends OutputStream implements WritableByteChannel {
  /** Two of them share the processor's cache with other work; smaller ones change hands often. */
  private static final int BLOCK = 1 << 20;

  private final FileChannel cached;
  private final FileChannel uncached;
  private final int alignment;
  private ByteBuffer block;

  /** The block that is or was on its way; null until the first was. */
  private ByteBuffer sent;

  private CompletableFuture<Void> sending = CompletableFuture.completedFuture(null);
  private long written;
  private boolean closed;

  UncachedStream(FileChannel cached, FileChannel uncached, int alignment) {
    this.cached = cached;
    this.uncached = uncached;
    this.alignment = alignment;
    this.block = newBlock();
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
      return Optional.of(new UncachedStream(cached, uncached, alignment));
    } catch (IOException | UnsupportedOperationException e) {
      return Optional.empty();
    }
  }

  private ByteBuffer newBlock() {
    return ByteBuffer.allocateDirect(BLOCK + alignment).alignedSlice(alignment).slice(0, BLOCK);
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
    waitForDisk();
    ByteBuffer full = block.flip();
    block = sent == null ? newBlock() : sent.clear();
    sent = full;
    long at = written;
    written += full.remaining();
    sending = CompletableFuture.runAsync(() -> send(full, at), WriteBehind.THREADS);
  }

  private void send(ByteBuffer full, long from) {
    try {
      long at = from;
      while (full.hasRemaining()) {
        at += uncached.write(full, at);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void waitForDisk() throws IOException {
    try {
      sending.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof UncheckedIOException failure) {
        throw failure.getCause();
      }
      throw e;
    }
  }

  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    try (cached;
        uncached) {
      waitForDisk();
      block.flip();
      while (block.hasRemaining()) {
        written += cached.write(block, written);
      }
      cached.force(true);
    }
  }
}
