package org.instella.train.parallel;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.instella.conf.error.BugException;
import org.instella.conf.error.ConfigurationException;
import org.instella.conf.error.EnvironmentException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Collectives over TCP for ranks on CPUs: recursive halving and doubling with partner distances 1,
 * 2, 4.
 *
 * <p>Reduce-scatter halves the buffer at every distance: partners swap the halves that the other
 * keeps, so each element is summed as ((0+1)+(2+3))+((4+5)+(6+7)) wherever it ends. All-gather
 * walks the same way back. Each rank sends and receives (n-1)/n of the buffer per operation, the
 * least possible.
 */
final class TcpProcessGroup implements ProcessGroup {
  private static final Logger log = LoggerFactory.getLogger(TcpProcessGroup.class);

  private final Rank rank;
  private final TcpOptions options;
  private final Watch watch;
  private final List<PeerLink> partners = new ArrayList<>(); // [log2(count)], by distance
  private long operation;
  private long nanosSpent;

  private TcpProcessGroup(Rank rank, TcpOptions options, Rendezvous.Meeting meeting)
      throws IOException {
    this.rank = rank;
    this.options = options;
    for (int distance = 1; distance < rank.count(); distance <<= 1) {
      int other = rank.index() ^ distance;
      partners.add(
          new PeerLink(
              meeting.peers().get(other),
              rank.generation(),
              meeting.data().get(other),
              this::checkPatience));
    }
    watch =
        new Watch(
            rank.index(),
            meeting.peers(),
            meeting.control(),
            options.silence(),
            () -> partners.forEach(PeerLink::wakeUp));
  }

  static TcpProcessGroup join(Rank rank, TcpOptions options) {
    requirePowerOfTwo(rank.count());
    Rendezvous.Meeting meeting = Rendezvous.meet(rank, options);
    try {
      TcpProcessGroup group = new TcpProcessGroup(rank, options, meeting);
      log.info(
          "group joined rank={} ranks={} generation={}",
          rank.index(),
          rank.count(),
          rank.generation());
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
  public void reduceScatter(FloatMemory buffer) {
    requireDivisible(buffer);
    perform(
        () -> {
          Slice whole = new Slice(0, buffer.elements());
          for (int i = 0; i < partners.size(); i++) {
            Slice keep = half(whole, upperAt(i));
            Slice send = half(whole, !upperAt(i));
            partners.get(i).exchangeAndAdd(operation, buffer, send, keep);
            whole = keep;
          }
        });
  }

  @Override
  public void allGather(FloatMemory buffer) {
    requireDivisible(buffer);
    perform(
        () -> {
          for (int i = partners.size() - 1; i >= 0; i--) {
            Slice own = Slice.of(buffer.elements(), rank.index() & ((1 << (i + 1)) - 1), 2 << i);
            long sibling = upperAt(i) ? own.first() - own.elements() : own.end();
            Slice theirs = new Slice(sibling, own.elements());
            partners.get(i).exchange(operation, buffer, own, theirs);
          }
        });
  }

  @Override
  public void broadcast(FloatMemory buffer) {
    perform(
        () -> {
          Slice all = new Slice(0, buffer.elements());
          Slice nothing = new Slice(0, 0);
          for (int i = 0; i < partners.size(); i++) {
            int distance = 1 << i;
            if (rank.index() < distance) {
              partners.get(i).exchange(operation, buffer, all, nothing);
            } else if (rank.index() < 2 * distance) {
              partners.get(i).exchange(operation, buffer, nothing, all);
            }
          }
        });
  }

  @Override
  public void allReduce(double[] values) {
    perform(
        () -> {
          DoubleMemory mine = new DoubleMemory(values.length);
          for (int i = 0; i < partners.size(); i++) {
            mine.put(values);
            partners.get(i).exchange(operation, mine, mine.outgoing(), mine.incoming());
            mine.addIncoming(values);
          }
        });
  }

  private boolean upperAt(int distanceIndex) {
    return (rank.index() >> distanceIndex & 1) != 0;
  }

  private static Slice half(Slice whole, boolean upper) {
    long length = whole.elements() / 2;
    return new Slice(whole.first() + (upper ? length : 0), length);
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
      nanosSpent += System.nanoTime() - start;
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
    for (PeerLink link : partners) {
      try {
        link.close();
      } catch (IOException e) {
        log.debug(
            "connection did not close cleanly peer={} reason={}", link.peer(), e.getMessage());
      }
    }
  }

  /**
   * Doubles in the clothes of floats, so that small sums travel as tensors do: own values first,
   * then theirs.
   */
  private static final class DoubleMemory implements FloatMemory {
    private final int length;
    private final ByteBuffer bytes;

    DoubleMemory(int length) {
      this.length = length;
      bytes = ByteBuffer.allocateDirect(2 * Double.BYTES * length).order(ByteOrder.nativeOrder());
    }

    Slice outgoing() {
      return new Slice(0, 2L * length);
    }

    Slice incoming() {
      return new Slice(2L * length, 2L * length);
    }

    void put(double[] values) {
      bytes.clear().asDoubleBuffer().put(values);
    }

    void addIncoming(double[] values) {
      for (int i = 0; i < length; i++) {
        values[i] += bytes.getDouble(Double.BYTES * (length + i));
      }
    }

    @Override
    public long elements() {
      return 4L * length;
    }

    @Override
    public ByteBuffer window(long first, int count) {
      return bytes
          .slice(Math.toIntExact(first * Float.BYTES), count * Float.BYTES)
          .order(ByteOrder.nativeOrder());
    }
  }
}
