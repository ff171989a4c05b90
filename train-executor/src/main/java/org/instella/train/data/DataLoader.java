package org.instella.train.data;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadFactory;
import org.instella.conf.error.EnvironmentException;
import org.instella.conf.error.InstellaException;
import org.instella.model.transformer.MicroBatch;

/**
 * Reads one rank's share of each step ahead of its use, on a thread of its own.
 *
 * <p>The micro-batches of a step are fixed by the plan; rank r of n computes the r-th of n equal
 * runs of them. So what a step trains on does not depend on the number of ranks, and a resumed run
 * starts at any step at once.
 */
public final class DataLoader implements AutoCloseable {
  private final DataMixture mixture;
  private final DataOrder order;
  private final BatchPlan plan;
  private final OptionalInt eosId;
  private final int firstMicroBatch;
  private final int ownMicroBatches;
  private final ExecutorService reader;
  private final Deque<Future<Batch>> ahead = new ArrayDeque<>();
  private long nextStep;
  private long nanosWaited;

  /**
   * Starts reading.
   *
   * @param eosId ends a document, for attention within documents; empty: attention crosses them
   * @param rank this rank, in [0, {@code ranks})
   * @param ranks number of ranks; divides the number of micro-batches
   * @param firstStep the step that {@link #next} returns first, counted from 1
   * @param depth steps kept ready, at least 1
   */
  public DataLoader(
      DataMixture mixture,
      DataOrder order,
      BatchPlan plan,
      OptionalInt eosId,
      int rank,
      int ranks,
      long firstStep,
      int depth) {
    this.mixture = mixture;
    this.order = order;
    this.plan = plan;
    this.eosId = eosId;
    this.ownMicroBatches = plan.microBatches() / ranks;
    this.firstMicroBatch = rank * ownMicroBatches;
    this.nextStep = firstStep;
    ThreadFactory daemon =
        task -> {
          Thread thread = new Thread(task, "instella-data-rank-" + rank);
          thread.setDaemon(true);
          return thread;
        };
    this.reader = Executors.newSingleThreadExecutor(daemon);
    for (int i = 0; i < depth; i++) {
      readAhead();
    }
  }

  private void readAhead() {
    long step = nextStep++;
    ahead.add(reader.submit(() -> read(step)));
  }

  /**
   * The batch of the next step; waits if it is not read yet.
   *
   * @throws EnvironmentException if reading failed for a reason of the machine
   */
  public Batch next() {
    long start = System.nanoTime();
    Future<Batch> first = ahead.remove();
    readAhead();
    try {
      return first.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof InstellaException known) {
        throw known;
      }
      throw readFailed(String.valueOf(e.getCause()), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw readFailed("interrupted", e);
    } finally {
      nanosWaited += System.nanoTime() - start;
    }
  }

  private static EnvironmentException readFailed(String why, Throwable cause) {
    return new EnvironmentException(
        DataError.READER_FAILED, "Cannot read the next batch: %s".formatted(why), cause);
  }

  /** Seconds that callers of {@link #next} have waited. */
  public double secondsWaited() {
    return nanosWaited / 1e9;
  }

  /** Reads this rank's share of any step, on the caller's thread. */
  public Batch read(long step) {
    Batch.Place place = plan.place(step);
    List<SampleBatch> microBatches = new ArrayList<>();
    for (int i = 0; i < ownMicroBatches; i++) {
      long position = place.position() + (long) (firstMicroBatch + i) * plan.microBatch();
      long[] samples = new long[plan.microBatch()];
      for (int j = 0; j < samples.length; j++) {
        samples[j] = order.sample(place.epoch(), position + j);
      }
      microBatches.add(nextToken(mixture, samples, position, eosId));
    }
    return new Batch(step, place, firstMicroBatch, microBatches);
  }

  /**
   * Samples as rows whose targets are their own tokens, one place to the left.
   *
   * @param eosId ends a document; attention then stays within documents. Empty: it does not
   */
  public static SampleBatch nextToken(
      DataMixture mixture, long[] samples, long firstPosition, OptionalInt eosId) {
    int length = mixture.length();
    int[] tokens = new int[samples.length * length];
    for (int i = 0; i < samples.length; i++) {
      mixture.read(samples[i], tokens, i * length);
    }
    int[] targets = new int[tokens.length];
    System.arraycopy(tokens, 1, targets, 0, tokens.length - 1);
    for (int i = 1; i <= samples.length; i++) {
      targets[i * length - 1] = SampleBatch.NO_TARGET;
    }
    Optional<int[]> documents =
        eosId.isPresent()
            ? Optional.of(documents(tokens, length, eosId.getAsInt()))
            : Optional.empty();
    return new SampleBatch(
        new MicroBatch(tokens, targets, samples.length, length, documents), samples, firstPosition);
  }

  /** Numbers the documents of each row: the end token is the last of its document. */
  private static int[] documents(int[] tokens, int length, int eosId) {
    int[] documents = new int[tokens.length];
    int document = 0;
    for (int i = 0; i < tokens.length; i++) {
      if (i % length == 0) {
        document = 0;
      }
      documents[i] = document;
      if (tokens[i] == eosId) {
        document++;
      }
    }
    return documents;
  }

  /** Stops reading; does not wait for the read in progress. */
  @Override
  public void close() {
    reader.shutdownNow();
  }
}
