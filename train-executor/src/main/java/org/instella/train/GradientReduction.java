package org.instella.train;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.instella.conf.error.EnvironmentException;
import org.instella.model.transformer.GradientsReady;
import org.instella.train.optim.GradientTree;
import org.instella.train.parallel.ParallelError;
import org.instella.train.parallel.ProcessGroup;
import org.instella.train.parallel.Slice;

/**
 * Sums the gradients of the ranks while the backward pass of the last micro-batch goes on: as soon
 * as a block's gradients are final they are added to those of the micro-batches before, on the
 * computing thread, and sent to the other ranks by a thread of its own.
 *
 * <p>Every element takes the same way through the tree as if all were reduced at the end, so the
 * bits are the same. Between {@link #begin} and {@link #complete} nothing else may use the group.
 */
final class GradientReduction implements AutoCloseable {
  /** Fewer floats are not worth a message of their own; 4 MB. */
  private static final long WORTH_A_MESSAGE = 1 << 20;

  /** Of a small model, so many parts leave while it computes. */
  private static final int PARTS = 8;

  private final ProcessGroup group;
  private final ExecutorService sender;
  private final List<Future<?>> sent = new ArrayList<>();
  private double hidden;
  private double spentBefore;

  GradientReduction(ProcessGroup group) {
    this.group = group;
    this.sender =
        Executors.newSingleThreadExecutor(
            body -> {
              Thread thread = new Thread(body, "instella-reduce-rank-" + group.rank());
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * A new gradient.
   *
   * @return to be told of ranges that the backward pass has finished, from the end of the buffer to
   *     its start
   */
  GradientsReady begin(GradientTree.Finish gradient) {
    sent.clear();
    spentBefore = group.secondsSpent();
    FlatMemory memory = new FlatMemory(gradient.sum().buffer());
    long least = Math.min(WORTH_A_MESSAGE, gradient.sum().config().parameterCount() / PARTS);
    return new GradientsReady() {
      private long end = -1;

      @Override
      public void ready(long from, long to) {
        gradient.merge(from, to);
        end = end < 0 ? to : end;
        if (end - from >= least || from == 0) {
          Slice range = new Slice(from, end - from);
          end = from;
          if (group.count() > 1) {
            ProcessGroup.Mark computed = group.mark();
            sent.add(sender.submit(() -> group.reduceScatter(memory, range, computed)));
          }
        }
      }
    };
  }

  /**
   * Waits until this rank's slice of the gradient holds the sum.
   *
   * @throws EnvironmentException if a rank was lost
   */
  void complete() {
    long start = System.nanoTime();
    try {
      for (Future<?> one : sent) {
        one.get();
      }
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException known) {
        throw known;
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EnvironmentException(
          ParallelError.PEER_LOST,
          "Rank %d was interrupted while it waited for the sum of gradients"
              .formatted(group.rank()),
          e);
    }
    double waited = (System.nanoTime() - start) / 1e9;
    hidden += Math.max(0, group.secondsSpent() - spentBefore - waited);
  }

  /** Seconds of this run that the group was at work while this rank computed. */
  double secondsHidden() {
    return hidden;
  }

  /** Leaves what is on its way; the group must be closed next. */
  @Override
  public void close() {
    sender.shutdownNow();
  }
}
