package org.instella.train.parallel;

import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import org.instella.conf.error.EnvironmentException;
import org.instella.model.torch.FlatBuffer;
import org.instella.model.torch.Precision;
import org.instella.model.torch.TorchDevice;
import org.instella.model.transformer.OptimizerKernels;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Collectives between cards by NCCL or RCCL, one rank per card.
 *
 * <p>Exact sums walk the same {@link TreeRoute} as over TCP: parts travel point to point and are
 * added by the kernel of the optimiser, so cards give each other the bits that CPUs would. Fast
 * sums are NCCL's own, whose order is its own too.
 *
 * <p>A TCP group beside it carries small sums, signs of life and the reason of an end. NCCL itself
 * would wait for a dead rank for ever, so no call here blocks in it: work is queued, and while it
 * runs this class asks NCCL for errors and the TCP group for news; either ends the wait and aborts
 * the communicator.
 */
final class NcclProcessGroup implements ProcessGroup {
  private static final Logger log = LoggerFactory.getLogger(NcclProcessGroup.class);
  private static final long NAP_MICROS = 20;

  private final ProcessGroup control;
  private final Reduction reduction;
  private final Route route;
  private final TcpOptions options;
  private final TorchDevice device;
  private final Nccl nccl;
  private final CardRuntime card;
  private final OptimizerKernels kernels;
  private final Pointer communicator;
  private Optional<FlatBuffer> arrived = Optional.empty();
  private volatile long nanosSpent;
  private boolean over;

  private NcclProcessGroup(
      ProcessGroup control,
      TcpOptions options,
      Reduction reduction,
      TorchDevice device,
      Nccl nccl,
      CardRuntime card,
      Pointer communicator) {
    this.control = control;
    this.options = options;
    this.reduction = reduction;
    this.route = Route.of(reduction, control.rank(), control.count());
    this.device = device;
    this.nccl = nccl;
    this.card = card;
    this.communicator = communicator;
    this.kernels = new OptimizerKernels(device);
  }

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
      String id = rank.allGather(rank.first() ? nccl.newId() : "").get(0);
      card.use(device.index());
      PointerByReference made = new PointerByReference();
      nccl.check(
          nccl.functions()
              .ncclCommInitRank(
                  made, rank.count(), Nccl.UniqueId.ofHex(id), place(rank.index(), rank.count())),
          "ncclCommInitRank",
          Pointer.NULL);
      log.info(
          "cards joined rank={} ranks={} device={} nccl={} reduction={}",
          rank.index(),
          rank.count(),
          device,
          nccl.version(),
          reduction);
      return new NcclProcessGroup(control, options, reduction, device, nccl, card, made.getValue());
    } catch (RuntimeException e) {
      control.abort(String.valueOf(e.getMessage()));
      try (control) {
        throw e;
      }
    }
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

  @Override
  public void reduceScatter(FloatMemory buffer, Slice range) {
    FlatBuffer tensor = StagedGroup.require(buffer);
    perform(
        () -> {
          if (reduction == Reduction.EXACT) {
            route.reduceScatter(tensor.length(), range, mover(tensor));
          } else if (range.elements() == tensor.length()) {
            Slice own = slice(tensor.length());
            Pointer to = at(tensor, own.first());
            queue(
                "ncclReduceScatter",
                nccl.functions()
                    .ncclReduceScatter(
                        at(tensor, 0),
                        to,
                        new NativeLong(own.elements()),
                        Nccl.FLOAT32,
                        Nccl.SUM,
                        communicator,
                        CardRuntime.DEFAULT_STREAM));
          } else {
            reduceParts(tensor, range);
          }
        });
  }

  /** A range belongs to several ranks in unequal parts: one reduction to each of them. */
  private void reduceParts(FlatBuffer tensor, Slice range) {
    queue("ncclGroupStart", nccl.functions().ncclGroupStart());
    for (int owner = 0; owner < count(); owner++) {
      Slice part = Slice.of(tensor.length(), owner, count()).within(range);
      if (part.elements() > 0) {
        Pointer place = at(tensor, part.first());
        queue(
            "ncclReduce",
            nccl.functions()
                .ncclReduce(
                    place,
                    place,
                    new NativeLong(part.elements()),
                    Nccl.FLOAT32,
                    Nccl.SUM,
                    place(owner, count()),
                    communicator,
                    CardRuntime.DEFAULT_STREAM));
      }
    }
    queue("ncclGroupEnd", nccl.functions().ncclGroupEnd());
  }

  private Route.Mover mover(FlatBuffer tensor) {
    return (to, send, from, receive, add) -> {
      boolean scratch = add && receive.elements() > 0;
      Pointer target =
          scratch ? at(arrivedFor(receive.elements()), 0) : at(tensor, receive.first());
      queue("ncclGroupStart", nccl.functions().ncclGroupStart());
      if (send.elements() > 0) {
        queue(
            "ncclSend",
            nccl.functions()
                .ncclSend(
                    at(tensor, send.first()),
                    new NativeLong(send.elements()),
                    Nccl.FLOAT32,
                    place(to, count()),
                    communicator,
                    CardRuntime.DEFAULT_STREAM));
      }
      if (receive.elements() > 0) {
        queue(
            "ncclRecv",
            nccl.functions()
                .ncclRecv(
                    target,
                    new NativeLong(receive.elements()),
                    Nccl.FLOAT32,
                    place(from, count()),
                    communicator,
                    CardRuntime.DEFAULT_STREAM));
      }
      queue("ncclGroupEnd", nccl.functions().ncclGroupEnd());
      await();
      if (scratch) {
        kernels.addInto(tensor, receive.first(), arrived.orElseThrow(), 0, receive.elements());
      }
    };
  }

  private FlatBuffer arrivedFor(long elements) {
    if (arrived.isEmpty() || arrived.get().length() < elements) {
      arrived.ifPresent(FlatBuffer::close);
      arrived = Optional.of(FlatBuffer.zeros(device, Precision.FLOAT32, elements));
    }
    return arrived.get();
  }

  @Override
  public void allGather(FloatMemory buffer) {
    FlatBuffer tensor = StagedGroup.require(buffer);
    Slice own = slice(tensor.length());
    perform(
        () ->
            queue(
                "ncclAllGather",
                nccl.functions()
                    .ncclAllGather(
                        at(tensor, own.first()),
                        at(tensor, 0),
                        new NativeLong(own.elements()),
                        Nccl.FLOAT32,
                        communicator,
                        CardRuntime.DEFAULT_STREAM)));
  }

  @Override
  public void broadcast(FloatMemory buffer) {
    FlatBuffer tensor = StagedGroup.require(buffer);
    perform(
        () ->
            queue(
                "ncclBroadcast",
                nccl.functions()
                    .ncclBroadcast(
                        at(tensor, 0),
                        at(tensor, 0),
                        new NativeLong(tensor.length()),
                        Nccl.FLOAT32,
                        place(0, count()),
                        communicator,
                        CardRuntime.DEFAULT_STREAM)));
  }

  @Override
  public void allReduce(double[] values) {
    control.allReduce(values);
  }

  private static Pointer at(FlatBuffer tensor, long element) {
    return new Pointer(tensor.address() + element * Float.BYTES);
  }

  private interface Body {
    void run() throws IOException;
  }

  private void perform(Body body) {
    long start = System.nanoTime();
    try {
      card.use(device.index());
      body.run();
      await();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (RuntimeException e) {
      giveUp(String.valueOf(e.getMessage()));
      throw e;
    } finally {
      nanosSpent = nanosSpent + System.nanoTime() - start; // one thread at a time
    }
  }

  private void queue(String call, int result) {
    nccl.check(result, call, communicator);
  }

  /** Returns when the card is done; asks meanwhile whether it will ever be. */
  private void await() {
    long start = System.nanoTime();
    IntByReference error = new IntByReference();
    while (!card.idle()) {
      nccl.check(
          nccl.functions().ncclCommGetAsyncError(communicator, error),
          "ncclCommGetAsyncError",
          communicator);
      nccl.check(error.getValue(), "a collective", communicator);
      control.requireAlive();
      if (System.nanoTime() - start > options.operation().toNanos()) {
        throw new EnvironmentException(
            ParallelError.PEER_LOST,
            "All ranks are alive but a collective between cards did not end within %d s; if steps take longer, raise train.group.operation-timeout"
                .formatted(options.operation().toSeconds()));
      }
      nap();
    }
  }

  private static void nap() {
    try {
      Thread.sleep(0, (int) NAP_MICROS * 1000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EnvironmentException(
          ParallelError.PEER_LOST, "Interrupted while a collective between cards ran", e);
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
      int result = nccl.functions().ncclCommAbort(communicator);
      log.warn("communicator aborted reason={} result={}", reason, result);
    }
  }

  @Override
  public synchronized void close() {
    try (control) {
      if (!over) {
        over = true;
        queue("ncclCommDestroy", nccl.functions().ncclCommDestroy(communicator));
      }
    } finally {
      arrived.ifPresent(FlatBuffer::close);
      kernels.close();
    }
  }
}
