package org.instella.train.parallel;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import org.instella.conf.error.BugException;

/**
 * One part of a buffer on its way out and one on its way in, at the same time on the caller's
 * thread.
 *
 * <p>Two ranks that both wrote first and read later would wait for each other as soon as a message
 * exceeds the socket buffers. So neither call blocks; the thread sleeps in a selector only when
 * neither direction can move. Bytes go from the tensor's memory to the socket; on the way in they
 * go to their place, or through a block that stays in the cache and is added while the next one is
 * on its way.
 */
final class Exchange {
  private static final int BLOCK_BYTES = 1 << 18;
  private static final int MAX_WRITE_BYTES = 1 << 18;
  private static final int MAX_WINDOW_FLOATS = 1 << 26;
  private static final int MAGIC = 0x494e5354;
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final int generation;
  private final Selector selector;
  private final Liveness liveness;
  private final ByteBuffer block = PeerLink.direct(BLOCK_BYTES);
  private final FloatBuffer blockFloats = block.asFloatBuffer();

  /** Asked whenever nothing moves: throws if the group is over or patience is at an end. */
  interface Liveness {
    void check(Peer waitingFor, long waitingSinceNanos);
  }

  Exchange(int generation, Selector selector, Liveness liveness) {
    this.generation = generation;
    this.selector = selector;
    this.liveness = liveness;
  }

  /**
   * Sends one part of {@code memory} and receives another, which is added to what is there or
   * replaces it. An empty part means no message.
   */
  void run(
      long operation,
      FloatMemory memory,
      PeerLink to,
      Slice send,
      PeerLink from,
      Slice receive,
      boolean add)
      throws IOException {
    Outgoing out = new Outgoing(to, memory, send, operation);
    Incoming in = new Incoming(from, memory, receive, operation, add);
    long idleSince = System.nanoTime();
    while (!out.done() || !in.done()) {
      boolean moved = out.move();
      moved |= in.move();
      if (moved) {
        idleSince = System.nanoTime();
      } else {
        sleep(out, in);
        liveness.check(in.done() ? to.peer() : from.peer(), idleSince);
      }
    }
  }

  private void sleep(Outgoing out, Incoming in) throws IOException {
    if (!out.done()) {
      out.link.want(SelectionKey.OP_WRITE);
    }
    if (!in.done()) {
      in.link.want(SelectionKey.OP_READ);
    }
    selector.select(ready -> {}, 200);
    out.link.wantNothing();
    in.link.wantNothing();
  }

  /** A message on its way out: a header, then the memory itself. */
  private final class Outgoing {
    final PeerLink link;
    private final FloatMemory memory;
    private final ByteBuffer header;
    private final long end;
    private long next;
    private ByteBuffer window = NOTHING;

    Outgoing(PeerLink link, FloatMemory memory, Slice slice, long operation) {
      this.link = link;
      this.memory = memory;
      this.next = slice.first();
      this.end = slice.end();
      this.header = link.outHeader();
      if (slice.elements() > 0) {
        header.putInt(MAGIC).putInt(generation).putLong(operation).putLong(slice.elements());
      }
      header.flip();
    }

    boolean done() {
      return !header.hasRemaining() && !window.hasRemaining() && next == end;
    }

    boolean move() throws IOException {
      if (header.hasRemaining()) {
        return link.write(header) > 0;
      }
      if (!window.hasRemaining()) {
        if (next == end) {
          return false;
        }
        int count = (int) Math.min(MAX_WINDOW_FLOATS, end - next);
        window = memory.window(next, count);
        next += count;
      }
      // A limit on each write lets the two directions take turns.
      int limit = window.limit();
      window.limit(Math.min(limit, window.position() + MAX_WRITE_BYTES));
      int written = link.write(window);
      window.limit(limit);
      return written > 0;
    }
  }

  /** A message on its way in. */
  private final class Incoming {
    final PeerLink link;
    private final FloatMemory memory;
    private final ByteBuffer header;
    private final boolean add;
    private final long operation;
    private final long expected;
    private final long end;
    private long next;
    private ByteBuffer window = NOTHING;
    private FloatBuffer target = FloatBuffer.allocate(0);

    Incoming(PeerLink link, FloatMemory memory, Slice slice, long operation, boolean add) {
      this.link = link;
      this.memory = memory;
      this.add = add;
      this.operation = operation;
      this.expected = slice.elements();
      this.next = slice.first();
      this.end = slice.end();
      this.header = link.inHeader();
      if (expected == 0) {
        header.limit(0);
      }
    }

    boolean done() {
      return !header.hasRemaining() && !window.hasRemaining() && next == end;
    }

    boolean move() throws IOException {
      if (header.hasRemaining()) {
        int count = link.read(header);
        if (count > 0 && !header.hasRemaining()) {
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
      int count = link.read(window);
      if (add && !window.hasRemaining()) {
        add(target, blockFloats);
      }
      return count > 0;
    }

    private void openWindow() {
      int most = add ? BLOCK_BYTES / Float.BYTES : MAX_WINDOW_FLOATS;
      int count = (int) Math.min(most, end - next);
      ByteBuffer memoryWindow = memory.window(next, count);
      if (add) {
        target = memoryWindow.order(ByteOrder.nativeOrder()).asFloatBuffer();
        window = block.clear().limit(count * Float.BYTES);
      } else {
        window = memoryWindow;
      }
      next += count;
    }

    private void understandHeader() {
      header.flip();
      int magic = header.getInt();
      int theirGeneration = header.getInt();
      long theirOperation = header.getLong();
      long elements = header.getLong();
      if (magic != MAGIC
          || theirGeneration != generation
          || theirOperation != operation
          || elements != expected) {
        throw new BugException(
            ParallelError.RANKS_DISAGREE,
            "%s is at operation %d with %d elements (generation %d), this rank at operation %d with %d (generation %d); all ranks must run the same recipe and the same code"
                .formatted(
                    link.peer(),
                    theirOperation,
                    elements,
                    theirGeneration,
                    operation,
                    expected,
                    generation));
      }
      header.position(header.limit());
    }
  }

  /**
   * {@code target += arrived} over the length of {@code target}. A plain loop over direct buffers
   * in the machine's byte order: since Java 16 the compiler turns it into vector instructions, and
   * unlike one over arrays it needs no copies.
   */
  private static void add(FloatBuffer target, FloatBuffer arrived) {
    int count = target.limit();
    for (int i = 0; i < count; i++) {
      target.put(i, target.get(i) + arrived.get(i));
    }
  }
}
