package org.instella.ensemble;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.instella.conf.error.InstellaException;
import org.instella.conf.error.StoppedException;
import org.instella.conf.storage.AlignedMemory;
import org.instella.model.checkpoint.Dtype;
import org.instella.model.checkpoint.SafetensorsWriter;
import org.instella.model.checkpoint.TensorInfo;

/**
 * Computes the tensors of one file: workers merge cells ahead, the calling thread writes them in
 * order. What is computed depends on neither the number of workers nor their order.
 */
final class ShardMerge implements AutoCloseable {
  private final Source result;
  private final Grid grid;
  private final Map<String, TensorInfo> inputs;
  private final ExecutorService workers;
  private final ThreadLocal<Worker> local;
  private final Queue<ByteBuffer> pool = new ConcurrentLinkedQueue<>();
  private final int ahead;
  private final StopRequest stop;
  private final AtomicBoolean cancelled = new AtomicBoolean();

  private static final class Worker {
    final Scratch scratch;
    private double[] merged = new double[0];

    Worker(long elements) {
      scratch = new Scratch(elements);
    }

    double[] merged(int elements) {
      if (merged.length < elements) {
        merged = new double[elements];
      }
      return merged;
    }
  }

  private record Piece(String tensor, Future<ByteBuffer> bytes) {}

  /**
   * Workers over a merge.
   *
   * @param inputs tensors as the models store them, by name
   * @param stop looked at before each piece
   */
  ShardMerge(
      Source result, Grid grid, Map<String, TensorInfo> inputs, int threads, StopRequest stop) {
    this.stop = stop;
    this.result = result;
    this.grid = grid;
    this.inputs = inputs;
    this.ahead = 2 * threads + 1;
    long elements = inputs.values().stream().mapToLong(TensorInfo::elements).sum();
    this.local = ThreadLocal.withInitial(() -> new Worker(elements));
    this.workers =
        Executors.newFixedThreadPool(
            threads,
            task -> {
              Thread thread = new Thread(task, "merge");
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * Writes every tensor of a file.
   *
   * @throws StoppedException after a wish to stop
   */
  void write(SafetensorsWriter writer) {
    ArrayDeque<Piece> pieces = new ArrayDeque<>();
    List<TensorInfo> outputs = List.copyOf(writer.tensors());
    for (int t = 0; t < outputs.size(); t++) {
      if (t + 1 < outputs.size()) {
        prepareAhead(outputs.get(t + 1).name());
      }
      TensorInfo output = outputs.get(t);
      TensorInfo input = inputs.get(output.name());
      int size = grid.pieceOf(input);
      for (long first = 0; first < output.elements(); first += size) {
        stop.check();
        if (pieces.size() >= ahead) {
          writeFirst(pieces, writer);
        }
        long begin = first;
        int count = (int) Math.min(size, output.elements() - first);
        long place = writer.placeOf(output.name(), begin * output.dtype().bytes());
        pieces.add(
            new Piece(
                output.name(), workers.submit(() -> merge(input, output, begin, count, place))));
      }
    }
    while (!pieces.isEmpty()) {
      stop.check();
      writeFirst(pieces, writer);
    }
  }

  /** One thread passes over the next tensor while the others merge this one. */
  private void prepareAhead(String tensor) {
    Future<?> unused =
        workers.submit(
            () -> {
              if (!cancelled.get()) {
                result.prepare(tensor, local.get().scratch);
              }
            });
  }

  private void writeFirst(ArrayDeque<Piece> pieces, SafetensorsWriter writer) {
    Piece piece = pieces.remove();
    ByteBuffer bytes = await(piece.bytes());
    CompletableFuture<Boolean> unused =
        writer.writeLent(piece.tensor(), bytes).thenApply(hashed -> pool.add(bytes));
  }

  private ByteBuffer merge(TensorInfo input, TensorInfo output, long first, int count, long place) {
    if (cancelled.get()) {
      return ByteBuffer.allocate(0);
    }
    Worker worker = local.get();
    ByteBuffer bytes = room(count * output.dtype().bytes(), place);
    int begin = bytes.position();
    int cell = grid.cellOf(input);
    for (int done = 0; done < count; done += cell) {
      int length = Math.min(cell, count - done);
      if (input.dtype() == output.dtype()
          && result.readStored(input.name(), first + done, length, bytes, worker.scratch)) {
        bytes.position(bytes.position() + length * output.dtype().bytes());
      } else {
        mergeCell(input, output.dtype(), first + done, length, worker, bytes);
      }
    }
    return bytes.flip().position(begin);
  }

  private void mergeCell(
      TensorInfo input, Dtype output, long first, int count, Worker worker, ByteBuffer bytes) {
    int block = grid.blockOf(input);
    for (int done = 0; done < count; done += block) {
      int length = Math.min(block, count - done);
      double[] merged = worker.merged(block);
      result.read(input.name(), first + done, length, merged, worker.scratch);
      output.encode(merged, 0, length, bytes);
    }
  }

  /** Memory for bytes that belong at a place of the file, which can be written as it is. */
  private ByteBuffer room(int length, long place) {
    int lead = AlignedMemory.lead(place);
    ByteBuffer bytes = pool.poll();
    if (bytes == null || bytes.capacity() < lead + length) {
      bytes = AlignedMemory.room(length);
    }
    return bytes.clear().limit(lead + length).position(lead);
  }

  private static ByteBuffer await(Future<ByteBuffer> future) {
    try {
      return future.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof InstellaException failure) {
        throw failure;
      }
      throw new IllegalStateException("a worker of the merge failed", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StoppedException(
          MergeError.MERGE_STOPPED, "The merge was interrupted; run it again to resume", e);
    }
  }

  /** Waits for the workers; interrupting them instead would close the files they share. */
  @Override
  public void close() {
    cancelled.set(true);
    workers.shutdown();
    boolean interrupted = Thread.interrupted();
    try {
      while (!workers.awaitTermination(1, TimeUnit.MINUTES)) {
        continue;
      }
    } catch (InterruptedException e) {
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
