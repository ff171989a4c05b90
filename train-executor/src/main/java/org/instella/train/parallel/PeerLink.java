package org.instella.train.parallel;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import org.instella.conf.error.BugException;

/**
 * The data connection with a partner: sends and receives at the same time on the caller's thread.
 *
 * <p>Two ranks that both wrote first and read later would wait for each other as soon as a message
 * exceeds the socket buffers. So neither call blocks; the thread sleeps in a selector only when
 * neither direction can move.
 */
final class PeerLink {
  private static final int SCRATCH_BYTES = 1 << 18;
  private static final int MAX_WRITE_BYTES = 1 << 20;
  private static final int MAX_WINDOW_FLOATS = 1 << 26;
  private static final int HEADER_BYTES = 24;
  private static final int MAGIC = 0x494e5354;

  private final Peer peer;
  private final int generation;
  private final SocketChannel channel;
  private final Selector selector;
  private final SelectionKey key;
  private final Liveness liveness;
  private final ByteBuffer scratch = direct(SCRATCH_BYTES);
  private final FloatBuffer scratchFloats = scratch.asFloatBuffer();
  private final ByteBuffer outHeader = direct(HEADER_BYTES);
  private final ByteBuffer inHeader = direct(HEADER_BYTES);
  private final float[] arrived = new float[SCRATCH_BYTES / Float.BYTES];
  private final float[] own = new float[SCRATCH_BYTES / Float.BYTES];

  /** Asked whenever nothing moves: throws if the group is over or patience is at an end. */
  interface Liveness {
    void check(Peer waitingFor, long waitingSinceNanos);
  }

  PeerLink(Peer peer, int generation, SocketChannel channel, Liveness liveness) throws IOException {
    this.peer = peer;
    this.generation = generation;
    this.channel = channel;
    this.liveness = liveness;
    channel.configureBlocking(false);
    selector = Selector.open();
    key = channel.register(selector, 0);
  }

  private static ByteBuffer direct(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
  }

  Peer peer() {
    return peer;
  }

  /** Ends a wait at once. */
  void wakeUp() {
    selector.wakeup();
  }

  /**
   * Sends one slice of {@code memory} and adds what the partner sends to another slice of the same
   * length.
   */
  void exchangeAndAdd(long operation, FloatMemory memory, Slice send, Slice keep)
      throws IOException {
    Outgoing out = new Outgoing(memory, send, operation);
    Incoming in = new Incoming(memory, keep, operation, true);
    run(out, in);
  }

  /**
   * Sends one slice of {@code memory} and fills another with what the partner sends; either may be
   * empty.
   */
  void exchange(long operation, FloatMemory memory, Slice send, Slice receive) throws IOException {
    Outgoing out = new Outgoing(memory, send, operation);
    Incoming in = new Incoming(memory, receive, operation, false);
    run(out, in);
  }

  private void run(Outgoing out, Incoming in) throws IOException {
    long idleSince = System.nanoTime();
    while (!out.done() || !in.done()) {
      boolean moved = out.move();
      moved |= in.move();
      if (moved) {
        idleSince = System.nanoTime();
        continue;
      }
      key.interestOps(
          (out.done() ? 0 : SelectionKey.OP_WRITE) | (in.done() ? 0 : SelectionKey.OP_READ));
      selector.select(ready -> {}, 200);
      liveness.check(peer, idleSince);
    }
  }

  /** A message on its way out: a header, then the memory itself. */
  private final class Outgoing {
    private final FloatMemory memory;
    private final long end;
    private long next;
    private ByteBuffer window = ByteBuffer.allocate(0);

    Outgoing(FloatMemory memory, Slice slice, long operation) {
      this.memory = memory;
      this.next = slice.first();
      this.end = slice.end();
      outHeader.clear();
      if (slice.elements() > 0) {
        outHeader
            .putInt(MAGIC)
            .putInt(generation)
            .putLong(operation)
            .putLong(slice.elements())
            .flip();
      } else {
        outHeader.flip();
      }
    }

    boolean done() {
      return !outHeader.hasRemaining() && !window.hasRemaining() && next == end;
    }

    boolean move() throws IOException {
      if (outHeader.hasRemaining()) {
        return channel.write(outHeader) > 0;
      }
      if (!window.hasRemaining()) {
        if (next == end) {
          return false;
        }
        int count = (int) Math.min(MAX_WINDOW_FLOATS, end - next);
        window = memory.window(next, count);
        next += count;
      }
      int limit = window.limit();
      window.limit(Math.min(limit, window.position() + MAX_WRITE_BYTES));
      int written = channel.write(window);
      window.limit(limit);
      return written > 0;
    }
  }

  /**
   * A message on its way in: read straight into its place, or through a scratch buffer when it is
   * to be added.
   */
  private final class Incoming {
    private final FloatMemory memory;
    private final boolean add;
    private final long operation;
    private final long expected;
    private final long end;
    private long next;
    private ByteBuffer window = ByteBuffer.allocate(0);
    private FloatBuffer target = FloatBuffer.allocate(0);

    Incoming(FloatMemory memory, Slice slice, long operation, boolean add) {
      this.memory = memory;
      this.add = add;
      this.operation = operation;
      this.expected = slice.elements();
      this.next = slice.first();
      this.end = slice.end();
      inHeader.clear();
      if (expected == 0) {
        inHeader.limit(0);
      }
    }

    boolean done() {
      return !inHeader.hasRemaining() && !window.hasRemaining() && next == end;
    }

    boolean move() throws IOException {
      if (inHeader.hasRemaining()) {
        int count = read(inHeader);
        if (count > 0 && !inHeader.hasRemaining()) {
          understandHeader();
        }
        return count > 0;
      }
      if (!window.hasRemaining()) {
        if (next == end) {
          return false;
        }
        openWindow();
      }
      int count = read(window);
      if (add && !window.hasRemaining()) {
        addScratch();
      }
      return count > 0;
    }

    private void openWindow() {
      int count = (int) Math.min(add ? arrived.length : MAX_WINDOW_FLOATS, end - next);
      ByteBuffer memoryWindow = memory.window(next, count);
      if (add) {
        target = memoryWindow.order(ByteOrder.nativeOrder()).asFloatBuffer();
        window = scratch.clear().limit(count * Float.BYTES);
      } else {
        window = memoryWindow;
      }
      next += count;
    }

    /**
     * Bulk copies through small arrays that stay in the cache: the loop over arrays is the one the
     * JIT vectorises.
     */
    private void addScratch() {
      int count = target.remaining();
      scratchFloats.get(0, arrived, 0, count);
      target.get(0, own, 0, count);
      for (int i = 0; i < count; i++) {
        own[i] += arrived[i];
      }
      target.put(0, own, 0, count);
    }

    private void understandHeader() {
      inHeader.flip();
      int magic = inHeader.getInt();
      int theirGeneration = inHeader.getInt();
      long theirOperation = inHeader.getLong();
      long elements = inHeader.getLong();
      if (magic != MAGIC
          || theirGeneration != generation
          || theirOperation != operation
          || elements != expected) {
        throw new BugException(
            ParallelError.RANKS_DISAGREE,
            "%s is at operation %d with %d elements (generation %d), this rank at operation %d with %d (generation %d); all ranks must run the same recipe and the same code"
                .formatted(
                    peer,
                    theirOperation,
                    elements,
                    theirGeneration,
                    operation,
                    expected,
                    generation));
      }
    }

    private int read(ByteBuffer buffer) throws IOException {
      int count = channel.read(buffer);
      if (count < 0) {
        throw new IOException("connection closed");
      }
      return count;
    }
  }

  void close() throws IOException {
    selector.close();
    channel.close();
  }
}
