package org.instella.conf.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.instella.conf.error.InstellaException;

/**
 * A growing file on an object store: the bytes so far lie in a local file without a name and are
 * put as one object, again and again. A put replaces the object in one step, so readers find a
 * whole file at any time. Puts keep a distance of ten seconds and of ten times what the last one
 * took: a tenth of the time at most goes there, however long the file.
 *
 * <p>Only what this file has put is replaced: a process that was thought dead must not write its
 * old lines over those of its successor. It learns so by its next sync.
 */
final class RewrittenObject implements GrowingFile {
  private static final Duration DISTANCE = Duration.ofSeconds(10);
  private static final int COST = 10;

  private static final ScheduledExecutorService TIMER =
      Executors.newScheduledThreadPool(
          2,
          task -> {
            Thread thread = new Thread(task, "growing-objects");
            thread.setDaemon(true);
            return thread;
          });

  /** Where the object is. */
  interface Place {
    /**
     * Makes a stream that becomes the object when it is closed, in the place of an older one.
     *
     * @param version the only one that may be replaced; empty for any
     */
    ObjectOutput begin(Optional<String> version) throws IOException;

    /** Names the object's bytes as they are; empty where the store has no such name. */
    Optional<String> version() throws IOException;
  }

  private final Place object;
  private final FileChannel spool;
  private final Object putting = new Object();
  private volatile long written;
  private volatile boolean scheduled;
  private volatile long notBefore = System.nanoTime();
  private volatile boolean inPlace;
  private boolean closed;

  /** Bytes of the object as it is; -1 where none was put yet. Guarded by {@link #putting}. */
  private long put = -1;

  /** What was put last, guarded as well. */
  private Optional<String> version = Optional.empty();

  RewrittenObject(Place object) throws IOException {
    this.object = object;
    Path path = Files.createTempFile("instella-log-", ".tmp");
    this.spool =
        FileChannel.open(
            path,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE,
            StandardOpenOption.DELETE_ON_CLOSE);
  }

  @Override
  public void write(byte[] bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    long at = written;
    while (buffer.hasRemaining()) {
      at += spool.write(buffer, at);
    }
    written = at;
  }

  @Override
  public void flush() {
    if (inPlace && !scheduled) {
      scheduled = true;
      TIMER.schedule(this::putLater, notBefore - System.nanoTime(), TimeUnit.NANOSECONDS);
    }
  }

  /**
   * A put that fails is tried again by the next flush; sync and close tell of a lasting failure.
   */
  private void putLater() {
    scheduled = false;
    try {
      put();
    } catch (IOException | InstellaException e) {
      System.getLogger(RewrittenObject.class.getName())
          .log(System.Logger.Level.WARNING, "not put yet, tried again: {0}", e.getMessage());
    }
  }

  @Override
  public void sync() throws IOException {
    if (inPlace) {
      put();
    }
  }

  @Override
  public void takePlace() throws IOException {
    inPlace = true;
    put();
  }

  private void put() throws IOException {
    synchronized (putting) {
      long bytes = written;
      if (bytes == put || !spool.isOpen()) {
        return;
      }
      long begin = System.nanoTime();
      try (ObjectOutput out = object.begin(version)) {
        copy(bytes, out);
      } finally {
        long now = System.nanoTime();
        notBefore = now + Math.max(DISTANCE.toNanos(), COST * (now - begin));
      }
      put = bytes;
      version = object.version();
    }
  }

  private void copy(long bytes, ObjectOutput out) throws IOException {
    boolean whole = false;
    try {
      copyBlocks(bytes, out);
      whole = true;
    } finally {
      if (!whole) {
        out.discard();
      }
    }
  }

  private void copyBlocks(long bytes, ObjectOutput out) throws IOException {
    ByteBuffer block = ByteBuffer.allocate(1 << 16);
    for (long at = 0; at < bytes; at += block.position()) {
      block.clear().limit((int) Math.min(block.capacity(), bytes - at));
      if (spool.read(block, at) < 0) {
        throw new IOException("the local copy ends at byte %,d of %,d".formatted(at, bytes));
      }
      out.write(block.array(), 0, block.position());
    }
  }

  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    try (spool) {
      sync();
    }
  }
}
