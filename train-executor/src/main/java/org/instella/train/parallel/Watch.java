package org.instella.train.parallel;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches over the peers on a thread of its own: sends signs of life, notices a peer that died (its
 * connection breaks) or hangs (it falls silent), and passes the news on, so that all ranks stop
 * within seconds and name the same culprit.
 *
 * <p>Needed because the kernel reports a killed process at once but a frozen machine never, and
 * because a rank that is computing does not look at its data connections.
 *
 * <p>Messages on a control connection: {@code 0} sign of life; {@code 1 length:2 text} the sender
 * gives up because; {@code 2} farewell, after which a closed connection is no failure.
 */
final class Watch implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Watch.class);
  private static final byte ALIVE = 0;
  private static final byte ABORT = 1;
  private static final byte FAREWELL = 2;
  private static final int MAX_REASON_BYTES = 1000;
  private static final long FAREWELL_NANOS = 1_000_000_000L;

  private final int rank;
  private final long silenceNanos;
  private final List<Line> lines = new ArrayList<>();
  private final Runnable wakeUp;
  private final Selector selector;
  private final Thread thread;
  private final AtomicReference<String> failure = new AtomicReference<>();
  private volatile boolean leaving;

  /** State of the control connection with one peer; touched by the watching thread only. */
  private static final class Line {
    final Peer peer;
    final SocketChannel channel;
    final ByteBuffer in = ByteBuffer.allocate(2 * MAX_REASON_BYTES);
    final ByteBuffer out = ByteBuffer.allocate(4 * MAX_REASON_BYTES);
    long heard = System.nanoTime();
    boolean gone;

    Line(Peer peer, SocketChannel channel) {
      this.peer = peer;
      this.channel = channel;
      out.flip();
    }

    /** Nothing more is expected; an ended connection would otherwise be "readable" for ever. */
    void leave(Selector selector) {
      gone = true;
      SelectionKey key = channel.keyFor(selector);
      if (key != null) {
        key.cancel();
      }
    }

    void send(byte[] message) {
      out.compact();
      if (out.remaining() >= message.length) {
        out.put(message);
      }
      out.flip();
    }
  }

  /**
   * Starts watching.
   *
   * @param wakeUp called from the watching thread when a failure was found, to wake the rank from
   *     its waiting
   */
  Watch(
      int rank,
      List<Peer> peers,
      Map<Integer, SocketChannel> channels,
      Duration silence,
      Runnable wakeUp)
      throws IOException {
    this.rank = rank;
    this.silenceNanos = silence.toNanos();
    this.wakeUp = wakeUp;
    this.selector = Selector.open();
    for (Map.Entry<Integer, SocketChannel> entry : channels.entrySet()) {
      SocketChannel channel = entry.getValue();
      channel.configureBlocking(false);
      Line line = new Line(peers.get(entry.getKey()), channel);
      channel.register(selector, SelectionKey.OP_READ, line);
      lines.add(line);
    }
    this.thread = new Thread(this::run, "instella-watch-rank-" + rank);
    thread.setDaemon(true);
    thread.start();
  }

  /** Why this group is over, if it is. */
  Optional<String> failure() {
    return Optional.ofNullable(failure.get());
  }

  /** Ends the group for everyone; the first reason wins. */
  void fail(String reason) {
    if (failure.compareAndSet(null, reason)) {
      selector.wakeup();
      wakeUp.run();
    }
  }

  private void run() {
    long beatMillis = Math.max(1, silenceNanos / 4_000_000);
    long nextBeat = System.nanoTime();
    boolean told = false;
    try {
      while (!leaving) {
        if (System.nanoTime() >= nextBeat) {
          nextBeat = System.nanoTime() + beatMillis * 1_000_000;
          lines.forEach(line -> line.send(new byte[] {ALIVE}));
        }
        if (failure.get() != null && !told) {
          told = true;
          lines.forEach(line -> line.send(abortMessage(failure.get())));
        }
        lines.forEach(this::serve);
        selector.select(key -> {}, beatMillis);
      }
      leave();
    } catch (IOException | RuntimeException e) {
      // An exception that leaves a thread of ours would end the whole executor.
      log.warn("watch of rank {} ended reason={}", rank, e.toString());
      fail("rank " + rank + " lost its watch: " + e);
    }
  }

  /**
   * Last words. In good order this rank then listens until the others have said theirs: closing a
   * connection with unread bytes resets it, and the reset can overtake the farewell.
   */
  private void leave() throws IOException {
    String reason = failure.get();
    for (Line line : lines) {
      line.send(reason == null ? new byte[] {FAREWELL} : abortMessage(reason));
      write(line);
      if (line.channel.isConnected()) {
        line.channel.shutdownOutput();
      }
    }
    long deadline = System.nanoTime() + FAREWELL_NANOS;
    while (reason == null
        && lines.stream().anyMatch(line -> !line.gone)
        && System.nanoTime() < deadline) {
      lines.stream().filter(line -> !line.gone).forEach(this::read);
      selector.select(key -> {}, 50);
    }
  }

  private static byte[] abortMessage(String reason) {
    byte[] text = reason.getBytes(StandardCharsets.UTF_8);
    int length = Math.min(text.length, MAX_REASON_BYTES);
    return ByteBuffer.allocate(3 + length)
        .put(ABORT)
        .putShort((short) length)
        .put(text, 0, length)
        .array();
  }

  private void serve(Line line) {
    if (line.gone) {
      return;
    }
    read(line);
    write(line);
    if (!line.gone && System.nanoTime() - line.heard > silenceNanos) {
      line.leave(selector);
      fail(
          "%s has been silent for %.1f s: it hangs, or the network between us is cut"
              .formatted(line.peer, silenceNanos / 1e9));
    }
  }

  private void read(Line line) {
    try {
      int count;
      while ((count = line.channel.read(line.in)) > 0) {
        line.heard = System.nanoTime();
        understand(line);
      }
      if (count < 0 && !line.gone) {
        throw new IOException("connection closed");
      }
    } catch (IOException e) {
      if (!line.gone && !leaving) {
        fail("%s died: %s".formatted(line.peer, e.getMessage()));
      }
      line.leave(selector);
    }
  }

  private void understand(Line line) {
    ByteBuffer in = line.in.flip();
    while (in.hasRemaining()) {
      in.mark();
      byte kind = in.get();
      if (kind == FAREWELL) {
        line.leave(selector);
      } else if (kind == ABORT) {
        if (in.remaining() < 2 || in.remaining() < 2 + in.getShort(in.position())) {
          in.reset();
          break;
        }
        byte[] text = new byte[in.getShort()];
        in.get(text);
        line.leave(selector);
        fail(new String(text, StandardCharsets.UTF_8));
      }
    }
    in.compact();
  }

  private void write(Line line) {
    try {
      // What does not fit goes with the next beat.
      line.channel.write(line.out);
    } catch (IOException e) {
      // The reading side tells why.
      log.debug("no word to {} reason={}", line.peer, e.getMessage());
    }
  }

  /** Says farewell, or passes on the failure, and closes the connections. */
  @Override
  public void close() {
    leaving = true;
    selector.wakeup();
    try {
      thread.join(2000);
      selector.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      log.debug("selector did not close cleanly reason={}", e.getMessage());
    }
    lines.forEach(line -> Rendezvous.close(line.channel));
  }
}
