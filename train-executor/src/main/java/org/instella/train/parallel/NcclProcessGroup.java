package org.instella.train.parallel;

import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import java.util.ArrayList;
import java.util.List;
import org.instella.conf.error.EnvironmentException;
import org.instella.model.torch.FlatBuffer;
import org.instella.model.torch.TorchDevice;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Collectives between cards by NCCL or RCCL, one rank per card.
 *
 * <p>Exact sums walk the tree of {@link TreeRoute}: at every distance NCCL reduces between two
 * partners. A sum of two numbers is the same in either order, so cards give each other the bits
 * that CPUs would. Fast sums are NCCL's own over all ranks, whose order is its own too.
 *
 * <p>Everything is queued in a stream beside the one that computes. A collective waits there for
 * what was asked of the card before its {@link ProcessGroup.Mark}, and its caller waits for its
 * end; the computation waits for neither.
 *
 * <p>A TCP group beside it carries small sums, signs of life and the reason of an end. While NCCL
 * works this class asks it for errors and the TCP group for news; either ends the wait and aborts
 * the communicators.
 */
final class NcclProcessGroup implements ProcessGroup {
  private static final Logger log = LoggerFactory.getLogger(NcclProcessGroup.class);

  private final ProcessGroup control;
  private final Reduction reduction;
  private final TcpOptions options;
  private final TorchDevice device;
  private final Nccl nccl;
  private final CardRuntime card;
  private final Pointer stream;
  private final NcclCommunicator all;

  /** With the partner at distance 1, 2, 4 ...; none for fast sums. */
  private final List<NcclCommunicator> pairs;

  private volatile long nanosSpent;
  private boolean over;

  private NcclProcessGroup(
      ProcessGroup control,
      TcpOptions options,
      Reduction reduction,
      TorchDevice device,
      Nccl nccl,
      CardRuntime card,
      List<String> ids) {
    this.control = control;
    this.options = options;
    this.reduction = reduction;
    this.device = device;
    this.nccl = nccl;
    this.card = card;
    List<NcclCommunicator> joined = new ArrayList<>();
    try {
      joined.add(joined(ids.get(0), count(), place(rank(), count())));
      for (int level = 0; level + 1 < ids.size(); level++) {
        joined.add(joined(ids.get(level + 1), 2, upper(1 << level) ? 1 : 0));
      }
      this.stream = card.newStream();
    } catch (RuntimeException e) {
      joined.forEach(NcclCommunicator::abort);
      throw e;
    }
    this.all = joined.get(0);
    this.pairs = List.copyOf(joined.subList(1, joined.size()));
  }

  /** A point in the work of a card. */
  private record EventMark(Pointer event) implements Mark {}

  /**
   * Meets the other ranks.
   *
   * @throws EnvironmentException if a library, the card or a rank is missing
   */
  static NcclProcessGroup join(
      Rank rank, TcpOptions options, Reduction reduction, TorchDevice device) {
    device.require();
    Nccl nccl = Nccl.open(options.ncclLibrary());
    CardRuntime card = CardRuntime.open(nccl.rccl());
    return join(rank, options, reduction, device, nccl, card);
  }

  static NcclProcessGroup join(
      Rank rank,
      TcpOptions options,
      Reduction reduction,
      TorchDevice device,
      Nccl nccl,
      CardRuntime card) {
    ProcessGroup control =
        rank.count() == 1 ? new SoloGroup() : TcpProcessGroup.join(rank, options, Reduction.EXACT);
    try {
      card.use(device.index());
      List<String> ids = ids(rank, reduction, nccl);
      NcclProcessGroup group =
          new NcclProcessGroup(control, options, reduction, device, nccl, card, ids);
      log.info(
          "cards joined rank={} ranks={} device={} nccl={} reduction={}",
          rank.index(),
          rank.count(),
          device,
          nccl.version(),
          reduction);
      return group;
    } catch (RuntimeException e) {
      control.abort(String.valueOf(e.getMessage()));
      try (control) {
        throw e;
      }
    }
  }

  /**
   * Ids of the communicators of a rank: of all ranks, then of its pairs by distance. Rank 0 and the
   * lower one of a pair make them; all are told in one message.
   */
  private static List<String> ids(Rank rank, Reduction reduction, Nccl nccl) {
    int levels = reduction == Reduction.EXACT ? Integer.numberOfTrailingZeros(rank.count()) : 0;
    List<String> made = new ArrayList<>();
    made.add(rank.first() ? nccl.newId() : "");
    for (int level = 0; level < levels; level++) {
      made.add((rank.index() & (1 << level)) == 0 ? nccl.newId() : "");
    }
    List<String> told = rank.allGather(String.join(",", made));
    List<String> ids = new ArrayList<>();
    ids.add(told.get(0).split(",", -1)[0]);
    for (int level = 0; level < levels; level++) {
      int lower = rank.index() & ~(1 << level);
      ids.add(told.get(lower).split(",", -1)[level + 1]);
    }
    return ids;
  }

  private NcclCommunicator joined(String id, int ranks, int place) {
    return NcclCommunicator.join(
        nccl, id, ranks, place, since -> checkMeeting(ranks, since), this::checkPatience);
  }

  /**
   * Number of a rank in NCCL: the place of its slice in the buffer, because NCCL scatters and
   * gathers in the order of its ranks.
   */
  static int place(int rank, int count) {
    return (int) Slice.of(count, rank, count).first();
  }

  @Override
  public int rank() {
    return control.rank();
  }

  @Override
  public int count() {
    return control.count();
  }

  private boolean upper(int distance) {
    return (rank() & distance) != 0;
  }

  @Override
  public Mark mark() {
    card.use(device.index());
    Pointer event = card.newEvent();
    card.record(event, CardRuntime.DEFAULT_STREAM);
    return new EventMark(event);
  }

  @Override
  public void reduceScatter(FloatMemory buffer, Slice range) {
    reduceScatter(buffer, range, mark());
  }

  @Override
  public void reduceScatter(FloatMemory buffer, Slice range, Mark after) {
    FlatBuffer tensor = StagedGroup.require(buffer);
    perform(
        after,
        () -> {
          if (reduction == Reduction.EXACT) {
            reduceAlongTree(tensor, range);
          } else if (range.elements() == tensor.length()) {
            Slice own = slice(tensor.length());
            all.call(
                "ncclReduceScatter",
                communicator ->
                    nccl.functions()
                        .ncclReduceScatter(
                            at(tensor, 0),
                            at(tensor, own.first()),
                            new NativeLong(own.elements()),
                            Nccl.FLOAT32,
                            Nccl.SUM,
                            communicator,
                            stream));
          } else {
            reduceParts(tensor, range);
          }
        });
  }

  /**
   * As {@link TreeRoute}: partners sum both halves, each into the place of the one who keeps it.
   */
  private void reduceAlongTree(FlatBuffer tensor, Slice range) {
    Slice whole = new Slice(0, tensor.length());
    for (int level = 0; level < pairs.size(); level++) {
      long half = whole.elements() / 2;
      Slice low = new Slice(whole.first(), half);
      Slice high = new Slice(whole.first() + half, half);
      all.settle(nccl.functions().ncclGroupStart(), "ncclGroupStart");
      reduce(tensor, low.within(range), 0, pairs.get(level));
      reduce(tensor, high.within(range), 1, pairs.get(level));
      pairs.get(level).settle(nccl.functions().ncclGroupEnd(), "ncclGroupEnd");
      whole = upper(1 << level) ? high : low;
    }
  }

  /** A range belongs to several ranks in unequal parts: one reduction to each of them. */
  private void reduceParts(FlatBuffer tensor, Slice range) {
    all.settle(nccl.functions().ncclGroupStart(), "ncclGroupStart");
    for (int owner = 0; owner < count(); owner++) {
      Slice part = Slice.of(tensor.length(), owner, count()).within(range);
      reduce(tensor, part, place(owner, count()), all);
    }
    all.settle(nccl.functions().ncclGroupEnd(), "ncclGroupEnd");
  }

  private void reduce(FlatBuffer tensor, Slice part, int root, NcclCommunicator among) {
    if (part.elements() > 0) {
      Pointer place = at(tensor, part.first());
      // In a group nothing is taken up before its end, so there is nothing to wait for here.
      among.callInGroup(
          "ncclReduce",
          communicator ->
              nccl.functions()
                  .ncclReduce(
                      place,
                      place,
                      new NativeLong(part.elements()),
                      Nccl.FLOAT32,
                      Nccl.SUM,
                      root,
                      communicator,
                      stream));
    }
  }

  @Override
  public void allGather(FloatMemory buffer) {
    FlatBuffer tensor = StagedGroup.require(buffer);
    Slice own = slice(tensor.length());
    perform(
        mark(),
        () ->
            all.call(
                "ncclAllGather",
                communicator ->
                    nccl.functions()
                        .ncclAllGather(
                            at(tensor, own.first()),
                            at(tensor, 0),
                            new NativeLong(own.elements()),
                            Nccl.FLOAT32,
                            communicator,
                            stream)));
  }

  @Override
  public void broadcast(FloatMemory buffer) {
    FlatBuffer tensor = StagedGroup.require(buffer);
    perform(
        mark(),
        () ->
            all.call(
                "ncclBroadcast",
                communicator ->
                    nccl.functions()
                        .ncclBroadcast(
                            at(tensor, 0),
                            at(tensor, 0),
                            new NativeLong(tensor.length()),
                            Nccl.FLOAT32,
                            place(0, count()),
                            communicator,
                            stream)));
  }

  @Override
  public void allReduce(double[] values) {
    control.allReduce(values);
  }

  private static Pointer at(FlatBuffer tensor, long element) {
    return new Pointer(tensor.address() + element * Float.BYTES);
  }

  /** Queues a collective behind a mark and waits for its end. */
  private void perform(Mark after, Runnable body) {
    long start = System.nanoTime();
    try {
      card.use(device.index());
      Pointer event = ((EventMark) after).event();
      card.await(stream, event);
      card.destroyEvent(event);
      body.run();
      awaitStream();
    } catch (RuntimeException e) {
      giveUp(String.valueOf(e.getMessage()));
      throw e;
    } finally {
      nanosSpent = nanosSpent + System.nanoTime() - start; // one thread at a time
    }
  }

  /** Returns when the stream is done; asks meanwhile whether it will ever be. */
  private void awaitStream() {
    long start = System.nanoTime();
    while (!card.idle(stream)) {
      all.requireSound();
      pairs.forEach(NcclCommunicator::requireSound);
      checkPatience(start);
      NcclCommunicator.nap();
    }
    control.requireAlive(); // an aborted communicator leaves the stream idle too, and no sum
  }

  private void checkPatience(long since) {
    control.requireAlive();
    if (System.nanoTime() - since > options.operation().toNanos()) {
      throw new EnvironmentException(
          ParallelError.PEER_LOST,
          "All ranks are alive but a collective between cards did not end within %d s; if steps take longer, raise train.group.operation-timeout"
              .formatted(options.operation().toSeconds()));
    }
  }

  private void checkMeeting(int ranks, long since) {
    control.requireAlive();
    if (System.nanoTime() - since > options.join().toNanos()) {
      throw new EnvironmentException(
          ParallelError.RENDEZVOUS_FAILED,
          "Rank %d waited %d s in vain for %d cards to meet in NCCL although all ranks are alive; NCCL_DEBUG=INFO in the executors' environment tells more, train.group.join-timeout gives more time"
              .formatted(rank(), options.join().toSeconds(), ranks));
    }
  }

  @Override
  public void requireAlive() {
    control.requireAlive();
  }

  @Override
  public double secondsSpent() {
    return nanosSpent / 1e9 + control.secondsSpent();
  }

  @Override
  public void abort(String reason) {
    giveUp(reason);
  }

  /** Frees what waits inside NCCL, and tells the others. */
  private synchronized void giveUp(String reason) {
    control.abort(reason);
    if (!over) {
      over = true;
      log.warn("cards give up reason={}", reason);
      pairs.forEach(NcclCommunicator::abort);
      all.abort();
    }
  }

  @Override
  public synchronized void close() {
    try (control) {
      if (!over) {
        over = true;
        pairs.forEach(NcclCommunicator::close);
        all.close();
      }
      card.destroyStream(stream);
    }
  }
}
