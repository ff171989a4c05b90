package org.instella.train;

import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.instella.conf.error.EnvironmentException;
import org.instella.conf.error.InstellaException;
import org.instella.conf.storage.Location;
import org.instella.model.torch.FlatBuffer;
import org.instella.model.transformer.OptimizerKernels;
import org.instella.train.checkpoint.CheckpointError;
import org.instella.train.checkpoint.CheckpointWriter;
import org.instella.train.checkpoint.Checkpoints;
import org.instella.train.checkpoint.Snapshot;
import org.instella.train.checkpoint.TrainerState;
import org.instella.train.parallel.FloatMemory;
import org.instella.train.parallel.ProcessGroup;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Saves a run, at once or in the background.
 *
 * <p>In the background the state is copied, the copy is written by a thread while the next steps
 * run, and the ranks tell each other in their step exchange when their part is done; then rank 0
 * commits. At most one checkpoint is under way: a second one waits for the first.
 */
final class CheckpointDuty implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(CheckpointDuty.class);

  private final CheckpointWriter writer;
  private final Checkpoints checkpoints;
  private final Checkpoints.Retention retention;
  private final ProcessGroup group;
  private final OptimizerKernels kernels;
  private final Runnable logs;
  private final Consumer<TrainerState> saved;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread made = new Thread(task, "instella-checkpoint");
            made.setDaemon(true);
            return made;
          });

  private Optional<Pending> pending = Optional.empty();
  private Optional<Pending> committing = Optional.empty();
  private Optional<Copies> copies = Optional.empty();

  /** A checkpoint under way: the state it is of, and the work on the thread. */
  private record Pending(TrainerState state, Future<?> work) {}

  /**
   * A rank's duty.
   *
   * @param logs called on rank 0, by any thread, before a checkpoint is published: puts on disk
   *     what the run's files say of its steps, which nobody will make again
   * @param saved called on rank 0 on the training thread after a checkpoint was published
   */
  CheckpointDuty(
      CheckpointWriter writer,
      Checkpoints checkpoints,
      Checkpoints.Retention retention,
      ProcessGroup group,
      OptimizerKernels kernels,
      Runnable logs,
      Consumer<TrainerState> saved) {
    this.writer = writer;
    this.checkpoints = checkpoints;
    this.retention = retention;
    this.group = group;
    this.kernels = kernels;
    this.logs = logs;
    this.saved = saved;
  }

  /** Where the checkpoint of a step is once it is published. */
  Location of(long step) {
    return checkpoints.of(step);
  }

  /** Saves and returns once the checkpoint is published. All ranks call it for the same step. */
  void saveNow(TrainerState state, FlatBuffer weights, Moments moments) {
    settle();
    writer.writePart(
        weights.onHost() ? inPlace(state, weights, moments) : copy(state, weights, moments));
    group.barrier(); // all parts are written
    if (first()) {
      commit(state);
      saved.accept(state);
    }
    group.barrier(); // nobody goes on before the commit
  }

  /** Copies the state and returns; the rest happens while the next steps run. */
  void saveInBackground(TrainerState state, FlatBuffer weights, Moments moments) {
    settle();
    Snapshot snapshot = copy(state, weights, moments);
    pending = Optional.of(new Pending(state, thread.submit(() -> writer.writePart(snapshot))));
  }

  /**
   * Makes the memory that {@link #saveInBackground} copies to, and touches it. Before the first
   * step, for two reasons: a machine that has too little of it shows now, and the first checkpoint
   * halts the run no longer than the others.
   */
  void makeRoom(FlatBuffer weights, Moments moments) {
    copies = Optional.of(new Copies(weights, moments, first()));
    copies.get().take(kernels, weights, moments);
  }

  private static Snapshot inPlace(TrainerState state, FlatBuffer weights, Moments moments) {
    return new Snapshot(
        state,
        new FlatMemory(weights),
        moments.slice(),
        moments.firstOfSlice(),
        moments.secondOfSlice());
  }

  /** A snapshot in host memory, whatever the device. */
  private Snapshot copy(TrainerState state, FlatBuffer weights, Moments moments) {
    if (copies.isEmpty()) {
      copies = Optional.of(new Copies(weights, moments, first()));
    }
    copies.get().take(kernels, weights, moments);
    return copies.get().snapshot(state, weights.length());
  }

  /** Puts this rank's progress into the exchange of a step. */
  void report(StepExchange exchange) {
    boolean written = pending.isPresent() && pending.get().work().isDone();
    exchange.setPart(written, failed(pending) || failed(committing));
  }

  /**
   * Acts on the progress of all ranks: commits when every part is written, ends the run when one
   * failed.
   */
  void heed(StepExchange exchange) {
    if (exchange.partFailed()) {
      pending.ifPresent(CheckpointDuty::await);
      committing.ifPresent(CheckpointDuty::await);
      throw new EnvironmentException(
          CheckpointError.CHECKPOINT_WRITE_FAILED,
          "Another rank could not write its part of a checkpoint; its own message says why");
    }
    announceCommitted();
    if (pending.isPresent() && exchange.partsWritten() == group.count()) {
      TrainerState state = pending.get().state();
      pending = Optional.empty();
      if (first()) {
        committing = Optional.of(new Pending(state, thread.submit(() -> commit(state))));
      }
    }
  }

  private void announceCommitted() {
    if (committing.isPresent() && committing.get().work().isDone()) {
      await(committing.get());
      saved.accept(committing.get().state());
      committing = Optional.empty();
    }
  }

  /** Ends what is under way, in all ranks. */
  void settle() {
    if (pending.isPresent()) {
      await(pending.get());
      group.barrier(); // all parts are written
      if (first()) {
        commit(pending.get().state());
        saved.accept(pending.get().state());
      }
      pending = Optional.empty();
    }
    if (committing.isPresent()) {
      await(committing.get());
      announceCommitted();
    }
  }

  private void commit(TrainerState state) {
    logs.run();
    writer.commit(state);
    checkpoints.retain(retention);
  }

  private boolean first() {
    return group.rank() == 0;
  }

  private static boolean failed(Optional<Pending> pending) {
    if (pending.isEmpty() || !pending.get().work().isDone()) {
      return false;
    }
    try {
      await(pending.get());
      return false;
    } catch (RuntimeException e) {
      return true;
    }
  }

  private static void await(Pending pending) {
    try {
      pending.work().get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof InstellaException known) {
        throw known;
      }
      throw writeFailed(pending, String.valueOf(e.getCause()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw writeFailed(pending, "interrupted", e);
    }
  }

  private static EnvironmentException writeFailed(Pending pending, String why, Exception cause) {
    return new EnvironmentException(
        CheckpointError.CHECKPOINT_WRITE_FAILED,
        "Cannot write the checkpoint of step %d: %s".formatted(pending.state().step(), why),
        cause);
  }

  /** Stops writing; the copies are freed only once the thread has let go of them. */
  @Override
  public void close() {
    thread.shutdownNow();
    try {
      if (thread.awaitTermination(30, TimeUnit.SECONDS)) {
        copies.ifPresent(Copies::close);
      } else {
        log.warn("checkpoint thread does not end; its memory stays until the process ends");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Memory that holds a state while it is written; kept from one checkpoint to the next. */
  private static final class Copies implements AutoCloseable {
    private final Optional<FlatBuffer> weights;
    private final FlatBuffer first;
    private final FlatBuffer second;
    private final Moments moments;

    Copies(FlatBuffer model, Moments moments, boolean withWeights) {
      this.moments = moments;
      long elements = moments.slice().elements();
      weights =
          withWeights
              ? Optional.of(FlatBuffer.host(model.device(), model.precision(), model.length()))
              : Optional.empty();
      first = FlatBuffer.host(model.device(), model.precision(), elements);
      second = FlatBuffer.host(model.device(), model.precision(), elements);
    }

    void take(OptimizerKernels kernels, FlatBuffer model, Moments from) {
      weights.ifPresent(copy -> kernels.copyInto(copy, 0, model, 0, model.length()));
      from.copyInto(kernels, first, second);
    }

    Snapshot snapshot(TrainerState state, long total) {
      FloatMemory all = weights.<FloatMemory>map(FlatMemory::new).orElse(new Absent(total));
      return new Snapshot(
          state, all, moments.slice(), new FlatMemory(first), new FlatMemory(second));
    }

    @Override
    public void close() {
      weights.ifPresent(FlatBuffer::close);
      first.close();
      second.close();
    }
  }

  /** The weights on ranks that do not write them. */
  private record Absent(long elements) implements FloatMemory {
    @Override
    public ByteBuffer window(long first, int count) {
      throw new IllegalStateException("only rank 0 writes the weights");
    }
  }
}
