package org.instella.train.parallel;

import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;
import java.util.function.ToIntFunction;
import org.instella.conf.error.EnvironmentException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A communicator of NCCL that never blocks its caller: NCCL itself would wait for a dead rank for
 * ever, also while the ranks meet. Every call returns at once and is then watched, with an eye on
 * the other ranks, until NCCL has taken it up.
 */
final class NcclCommunicator implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(NcclCommunicator.class);
  private static final int NAP_NANOS = 20_000;

  private final Nccl nccl;
  private final Patience patience;
  private final Pointer pointer;
  private boolean over;
  private boolean aborted;

  /** Asked while a call goes on: throws if it will never end. */
  interface Patience {
    void check(long waitingSinceNanos);
  }

  private NcclCommunicator(Nccl nccl, Patience patience, Pointer pointer) {
    this.nccl = nccl;
    this.patience = patience;
    this.pointer = pointer;
  }

  /**
   * Meets the other ranks of a communicator.
   *
   * @param id of {@link Nccl#newId()}, the same in all ranks
   * @param place of this rank in the order of NCCL
   * @throws EnvironmentException if a rank is lost before all have met; nothing is left behind
   */
  static NcclCommunicator join(
      Nccl nccl, String id, int ranks, int place, Patience meeting, Patience later) {
    PointerByReference made = new PointerByReference();
    int result =
        nccl.functions()
            .ncclCommInitRankConfig(
                made, ranks, Nccl.UniqueId.ofHex(id), place, Nccl.Config.nonBlocking());
    String call = "ncclCommInitRankConfig";
    nccl.check(result, call, Pointer.NULL);
    try {
      new NcclCommunicator(nccl, meeting, made.getValue()).settle(result, call);
    } catch (RuntimeException e) {
      nccl.functions().ncclCommAbort(made.getValue());
      throw e;
    }
    return new NcclCommunicator(nccl, later, made.getValue());
  }

  /** Makes a call on this communicator and waits until NCCL has taken it up. */
  void call(String name, ToIntFunction<Pointer> call) {
    settle(made(call), name);
  }

  /** The same inside a group, where nothing is taken up before its end: no waiting here. */
  void callInGroup(String name, ToIntFunction<Pointer> call) {
    nccl.check(made(call), name, pointer);
  }

  /**
   * What a call returns; on one that was aborted, whose memory is gone, a call goes on for ever.
   */
  private synchronized int made(ToIntFunction<Pointer> call) {
    return aborted ? Nccl.IN_PROGRESS : call.applyAsInt(pointer);
  }

  /**
   * Waits until NCCL has taken a call up, so that the next one may follow.
   *
   * @param result what the call returned
   */
  void settle(int result, String call) {
    if (!nccl.check(result, call, pointer)) {
      return;
    }
    long start = System.nanoTime();
    while (inProgress(call)) {
      patience.check(start);
      nap();
    }
  }

  /** Throws if NCCL has met an error since. */
  void requireSound() {
    inProgress("a collective");
  }

  private synchronized boolean inProgress(String call) {
    if (aborted) {
      return true; // another thread has freed it; why is for patience to say
    }
    IntByReference state = new IntByReference();
    nccl.check(
        nccl.functions().ncclCommGetAsyncError(pointer, state), "ncclCommGetAsyncError", pointer);
    return nccl.check(state.getValue(), call, pointer);
  }

  static void nap() {
    try {
      Thread.sleep(0, NAP_NANOS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EnvironmentException(
          ParallelError.PEER_LOST, "Interrupted while a collective between cards ran", e);
    }
  }

  /** Frees what waits inside NCCL; the communicator is of no further use. */
  synchronized void abort() {
    if (!over) {
      over = true;
      aborted = true;
      int result = nccl.functions().ncclCommAbort(pointer);
      log.warn("communicator aborted result={}", result);
    }
  }

  /** Leaves in good order, if it was not aborted. */
  @Override
  public synchronized void close() {
    if (!over) {
      over = true;
      settle(nccl.functions().ncclCommFinalize(pointer), "ncclCommFinalize");
      nccl.check(nccl.functions().ncclCommDestroy(pointer), "ncclCommDestroy", pointer);
    }
  }
}
