package org.instella.conf.storage;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.util.concurrent.CompletableFuture;

/**
 * Buffered writes; the bytes are on disk when close returns. The disk begins while the file is
 * still being written: left to itself the system keeps gigabytes back until the end, when nobody
 * has anything else to do.
 */
final class SyncedStream extends BufferedOutputStream
    implements WritableByteChannel, DurableOutput {
  private static final long WRITE_BEHIND = 1 << 24;

  private final FileChannel channel;
  private CompletableFuture<Void> behind = CompletableFuture.completedFuture(null);
  private long unsynced;
  private boolean closed;
  private volatile IOException failureBehind;

  SyncedStream(FileChannel channel) {
    super(Channels.newOutputStream(channel), 1 << 16);
    this.channel = channel;
  }

  @Override
  public synchronized void write(byte[] bytes, int from, int count) throws IOException {
    super.write(bytes, from, count);
    written(count);
  }

  @Override
  public synchronized int write(ByteBuffer bytes) throws IOException {
    flush(); // what was buffered comes first
    int count = bytes.remaining();
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
    written(count);
    return count;
  }

  @Override
  public boolean isOpen() {
    return !closed;
  }

  private void written(int count) {
    unsynced += count;
    if (unsynced >= WRITE_BEHIND && behind.isDone()) {
      unsynced = 0;
      behind = CompletableFuture.runAsync(this::force, WriteBehind.THREADS);
    }
  }

  /** A failure is told at the end: a system reports a lost write only once. */
  private void force() {
    try {
      channel.force(false);
    } catch (IOException e) {
      failureBehind = e;
    }
  }

  @Override
  public void sync() throws IOException {
    flush();
    channel.force(false); // outside the lock: writers need not wait for the disk
  }

  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    try (channel) {
      behind.join();
      flush();
      channel.force(true);
      if (failureBehind != null) {
        throw failureBehind;
      }
    }
  }
}
