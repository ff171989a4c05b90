package org.instella.train.parallel;

import java.io.IOException;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.Map;
import java.util.TreeMap;
import org.instella.conf.error.BugException;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.error.EnvironmentException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Collectives over TCP for ranks on CPUs. A {@link Route} says who exchanges what with whom, {@link
 * Exchange} moves it, {@link Watch} notices who is gone.
 */
final class TcpProcessGroup implements ProcessGroup {
  private static final Logger log = LoggerFactory.getLogger(TcpProcessGroup.class);

  private final Rank rank;
  private final TcpOptions options;
  private final Route route;
  private final Watch watch;
  private final Selector selector;
  private final Exchange exchange;
  private final Map<Integer, PeerLink> links = new TreeMap<>();
  private long operation;
  private volatile long nanosSpent;

  private TcpProcessGroup(
      Rank rank, TcpOptions options, Reduction reduction, Rendezvous.Meeting meeting)
      throws IOException {
    this.rank = rank;
    this.options = options;
    this.route = Route.of(reduction, rank.index(), rank.count());
    this.selector = Selector.open();
    this.exchange = new Exchange(rank.generation(), selector, this::checkPatience);
    for (Map.Entry<Integer, SocketChannel> entry : meeting.data().entrySet()) {
      Peer peer = meeting.peers().get(entry.getKey());
      links.put(entry.getKey(), new PeerLink(peer, entry.getValue(), selector));
    }
    watch =
        new Watch(
            rank.index(), meeting.peers(), meeting.control(), options.silence(), selector::wakeup);
  }

  static TcpProcessGroup join(Rank rank, TcpOptions options, Reduction reduction) {
    requirePowerOfTwo(rank.count());
    Rendezvous.Meeting meeting = Rendezvous.meet(rank, options);
    try {
      TcpProcessGroup group = new TcpProcessGroup(rank, options, reduction, meeting);
      log.info(
          "group joined rank={} ranks={} generation={} reduction={}",
          rank.index(),
          rank.count(),
          rank.generation(),
          reduction);
      return group;
    } catch (IOException e) {
      throw new EnvironmentException(
          ParallelError.RENDEZVOUS_FAILED,
          "Rank %d cannot prepare its connections: %s".formatted(rank.index(), e.getMessage()),
          e);
    }
  }

  /** The reduction tree is only the same for all widths if each width is a power of two. */
  static void requirePowerOfTwo(int ranks) {
    if (Integer.bitCount(ranks) != 1) {
      throw new ConfigurationException(
          ParallelError.RANKS_NOT_A_POWER_OF_TWO,
          "%d ranks: bit-exact training needs a power of two (1, 2, 4, 8, ...); use %d or %d"
              .formatted(ranks, Integer.highestOneBit(ranks), Integer.highestOneBit(ranks) << 1));
    }
  }

  @Override
  public int rank() {
    return rank.index();
  }

  @Override
  public int count() {
    return rank.count();
  }

  @Override
  public void reduceScatter(FloatMemory buffer, Slice range) {
    requireDivisible(buffer);
    perform(() -> route.reduceScatter(buffer.elements(), range, mover(buffer)));
  }

  @Override
  public void allGather(FloatMemory buffer) {
    requireDivisible(buffer);
    perform(() -> route.allGather(buffer.elements(), mover(buffer)));
  }

  private Route.Mover mover(FloatMemory memory) {
    return (to, send, from, receive, add) ->
        exchange.run(operation, memory, links.get(to), send, links.get(from), receive, add);
  }

  @Override
  public void broadcast(FloatMemory buffer) {
    perform(
        () -> {
          Slice all = new Slice(0, buffer.elements());
          Slice nothing = new Slice(0, 0);
          for (int distance = 1; distance < rank.count(); distance <<= 1) {
            int partner = rank.index() ^ distance;
            if (rank.index() < distance) {
              mover(buffer).move(partner, all, partner, nothing, false);
            } else if (rank.index() < 2 * distance) {
              mover(buffer).move(partner, nothing, partner, all, false);
            }
          }
        });
  }

  /** Always along the tree, also where tensors go around the ring. */
  @Override
  public void allReduce(double[] values) {
    perform(
        () -> {
          DoubleMemory mine = new DoubleMemory(values.length);
          for (int distance = 1; distance < rank.count(); distance <<= 1) {
            int partner = rank.index() ^ distance;
            mine.put(values);
            mover(mine).move(partner, mine.outgoing(), partner, mine.incoming(), false);
            mine.addIncoming(values);
          }
        });
  }

  private void requireDivisible(FloatMemory buffer) {
    if (buffer.elements() % rank.count() != 0) {
      throw new BugException(
          ParallelError.RANKS_DISAGREE,
          "a buffer of %d floats does not divide among %d ranks"
              .formatted(buffer.elements(), rank.count()));
    }
  }

  private interface Body {
    void run() throws IOException;
  }

  private void perform(Body body) {
    long start = System.nanoTime();
    operation++;
    throwIfOver();
    try {
      body.run();
    } catch (IOException e) {
      // The connection says that it broke, the watch says who and why: give its news a moment to
      // arrive.
      awaitNews();
      watch.fail("a partner of rank %d broke off: %s".formatted(rank.index(), e.getMessage()));
      throw over(e);
    } catch (RuntimeException e) {
      watch.fail("rank %d gave up: %s".formatted(rank.index(), e.getMessage()));
      throw e;
    } finally {
      nanosSpent = nanosSpent + System.nanoTime() - start; // one thread at a time
    }
  }

  private void awaitNews() {
    long deadline = System.nanoTime() + 500_000_000L;
    try {
      while (watch.failure().isEmpty() && System.nanoTime() < deadline) {
        Thread.sleep(5);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void checkPatience(Peer waitingFor, long waitingSince) {
    throwIfOver();
    if (Thread.currentThread().isInterrupted()) {
      throw new EnvironmentException(
          ParallelError.PEER_LOST,
          "Rank %d was interrupted while it waited for %s".formatted(rank.index(), waitingFor));
    }
    if (System.nanoTime() - waitingSince > options.operation().toNanos()) {
      throw new EnvironmentException(
          ParallelError.PEER_LOST,
          "%s is alive but sent nothing for %d s; if its steps take longer, raise train.group.operation-timeout"
              .formatted(waitingFor, options.operation().toSeconds()));
    }
  }

  private void throwIfOver() {
    if (watch.failure().isPresent()) {
      throw over(null);
    }
  }

  private EnvironmentException over(Throwable cause) {
    return new EnvironmentException(
        ParallelError.PEER_LOST,
        "Rank %d stops, generation %d is over: %s"
            .formatted(rank.index(), rank.generation(), watch.failure().orElse("unknown reason")),
        cause);
  }

  @Override
  public void requireAlive() {
    throwIfOver();
  }

  @Override
  public double secondsSpent() {
    return nanosSpent / 1e9;
  }

  @Override
  public void abort(String reason) {
    watch.fail("rank %d gave up: %s".formatted(rank.index(), reason));
  }

  @Override
  public void close() {
    watch.close();
    for (PeerLink link : links.values()) {
      try {
        link.close();
      } catch (IOException e) {
        log.debug(
            "connection did not close cleanly peer={} reason={}", link.peer(), e.getMessage());
      }
    }
    try {
      selector.close();
    } catch (IOException e) {
      log.debug("selector did not close cleanly reason={}", e.getMessage());
    }
  }
}
