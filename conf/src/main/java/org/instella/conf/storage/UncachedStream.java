package org.instella.conf.storage;

import com.sun.nio.file.ExtendedOpenOption;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;

/**
 * Writes a large file past the system's page cache (O_DIRECT), in aligned blocks: no page has to be
 * found, filled and written back later, which costs more processor time than the copy to the disk.
 * One block is on its way to the disk while the next is filled, so that nobody waits for a disk
 * that keeps up; while it does not, a few more may stand in line. What is left at the end goes
 * through the cache. The bytes are on disk when close returns; a failure is told by one of the next
 * calls, at the latest when no further block may stand in line, and by close.
 */
final class UncachedStream extends OutputStream implements LentOutput {
  /** Two of them share the processor's cache with other work; smaller ones change hands often. */
  static final int BLOCK = 1 << 20;

  /** Blocks that may wait for the disk, or be on their way to it. */
  static final int IN_LINE = 6;

  private static final int ALIGNMENT = AlignedMemory.ALIGNMENT;

  /** Below it a copy is quicker than a request to the disk. */
  private static final int LEND_FROM = 1 << 18;

  /** Of lent buffers, which are larger than blocks. */
  private static final int LENT_IN_LINE = 2;

  private final FileChannel cached;
  private final FileChannel uncached;
  private final int alignment;
  private final Executor threads;
  private ByteBuffer block;

  /** In the order of the file; the disk gets one after the other. */
  private final Deque<Sent> inLine = new ArrayDeque<>();

  /** Blocks that came back, the last one on top: of all it is the likeliest in the cache. */
  private final Deque<ByteBuffer> free = new ArrayDeque<>();

  private CompletableFuture<Void> lastSending = CompletableFuture.completedFuture(null);
  private long written;
  private boolean closed;

  /** What is in line: a block of ours, or nothing of ours where it was lent. */
  private record Sent(Optional<ByteBuffer> block, CompletableFuture<Void> sending) {}

  UncachedStream(FileChannel cached, FileChannel uncached, int alignment, Executor threads) {
    this.cached = cached;
    this.uncached = uncached;
    this.alignment = alignment;
    this.threads = threads;
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
      return Optional.of(new UncachedStream(cached, uncached, alignment, WriteBehind.THREADS));
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

  @Override
  public CompletableFuture<Void> lend(ByteBuffer bytes) throws IOException {
    int lead = block.position() % ALIGNMENT;
    if (bytes.remaining() < LEND_FROM || !fits(bytes, lead)) {
      write(bytes);
      return CompletableFuture.completedFuture(null);
    }
    int end = bytes.limit();
    int whole = end - end % ALIGNMENT;
    int before = block.position() - lead;
    ByteBuffer lent = bytes.duplicate().clear().limit(whole);
    lent.put(block.duplicate().flip().position(before)).position(0);
    block.position(before);
    if (before > 0) {
      sendBlock();
    }
    block.clear().put(bytes.duplicate().position(whole));
    bytes.position(end);
    send(lent, Optional.empty());
    CompletableFuture<Void> sending = lastSending;
    waitUntilInLine(LENT_IN_LINE);
    return sending;
  }

  /** Whether bytes lie so that they, behind those that wait, are at a multiple of a block. */
  private boolean fits(ByteBuffer bytes, int lead) {
    return bytes.isDirect()
        && ALIGNMENT % alignment == 0
        && bytes.position() == lead
        && bytes.alignmentOffset(0, ALIGNMENT) == 0;
  }

  private void writeIfFull() throws IOException {
    if (!block.hasRemaining()) {
      sendBlock();
    }
  }

  /** Sends what is in the block, whole multiples of the alignment, and takes an empty one. */
  private void sendBlock() throws IOException {
    ByteBuffer full = block.flip();
    send(full, Optional.of(full));
    waitUntilInLine(IN_LINE);
    block = free.isEmpty() ? newBlock() : free.pop().clear();
  }

  private void send(ByteBuffer full, Optional<ByteBuffer> own) {
    long at = written;
    written += full.remaining();
    lastSending = lastSending.thenRunAsync(() -> send(full, at), threads);
    inLine.add(new Sent(own, lastSending));
  }

  /** Takes back what has been written; waits until at most {@code most} blocks have not. */
  private void waitUntilInLine(int most) throws IOException {
    while (!inLine.isEmpty() && (inLine.size() > most || inLine.peek().sending().isDone())) {
      Sent first = inLine.poll();
      waitFor(first.sending());
      first.block().ifPresent(free::push);
    }
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

  private static void waitFor(CompletableFuture<Void> sending) throws IOException {
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
      waitFor(lastSending);
      block.flip();
      while (block.hasRemaining()) {
        written += cached.write(block, written);
      }
      cached.force(true);
    }
  }
}
