package org.instella.train.parallel;

import org.instella.conf.error.ConfigurationException;
import org.instella.model.torch.TorchDevice;

/**
 * The collectives of a training step.
 *
 * <p>Every rank calls the same operations in the same order. With {@link Reduction#EXACT} all sums
 * run along one binary tree over the ranks, with partner distances 1, 2, 4: together with a tree of
 * the same form over the micro-batches of a rank, the result does not depend on the number of
 * ranks. With {@link Reduction#FAST} tensors go around a ring.
 *
 * <p>An operation either ends or throws an {@code EnvironmentException} that names the rank that
 * was lost; nobody waits for ever. After an exception the group is of no further use; close it.
 */
public interface ProcessGroup extends AutoCloseable {

  /** This rank, in [0, {@link #count()}). */
  int rank();

  /** Number of ranks, a power of two. */
  int count();

  /** The slice this rank owns of a buffer of {@code elements} floats. */
  default Slice slice(long elements) {
    return Slice.of(elements, rank(), count());
  }

  /**
   * Sums a buffer over the ranks in place; afterwards this rank's slice holds the sum and the rest
   * is undefined.
   *
   * @param buffer same length in all ranks, divisible by {@link #count()}
   */
  default void reduceScatter(FloatMemory buffer) {
    reduceScatter(buffer, new Slice(0, buffer.elements()));
  }

  /**
   * {@link #reduceScatter(FloatMemory)} of a part of a buffer. Ranges that tile the buffer give the
   * same bits as the whole at once, so a gradient can leave while the next is computed.
   *
   * @param range the same in all ranks
   */
  void reduceScatter(FloatMemory buffer, Slice range);

  /** A point in the work of this rank's device, for {@link #reduceScatter} from another thread. */
  interface Mark {
    /** Where nothing runs behind the caller's back. */
    Mark NOTHING = new Mark() {};
  }

  /**
   * Marks what the calling thread has asked of the device so far. Kernels of a card run behind
   * their caller: the gradient of a block may be asked for and not be there yet.
   */
  default Mark mark() {
    return Mark.NOTHING;
  }

  /**
   * {@link #reduceScatter(FloatMemory, Slice)} of what is there at {@code after}: on a card it does
   * not wait for kernels that were asked for later, and they do not wait for it.
   *
   * @param after of this group; good for one call
   */
  default void reduceScatter(FloatMemory buffer, Slice range, Mark after) {
    reduceScatter(buffer, range);
  }

  /** Fills the whole buffer from the slices of all ranks. */
  void allGather(FloatMemory buffer);

  /** Copies the buffer of rank 0 to all others. */
  void broadcast(FloatMemory buffer);

  /** Sums a short array over the ranks in place; all ranks get the same bits. */
  void allReduce(double[] values);

  /**
   * Returns once every rank has called it: milliseconds, without the driver, unlike {@link
   * Rank#barrier()}.
   */
  default void barrier() {
    allReduce(new double[1]);
  }

  /**
   * Throws if the group is over.
   *
   * @throws org.instella.conf.error.EnvironmentException naming the rank that was lost
   */
  default void requireAlive() {}

  /** Seconds this rank has spent in operations. */
  double secondsSpent();

  /**
   * Tells the other ranks why this one gives up, so that they stop at once instead of waiting.
   * Never throws.
   */
  void abort(String reason);

  /** Leaves in good order. */
  @Override
  void close();

  /**
   * The group that suits a rank and its device: nothing to do for one rank; between CPUs TCP;
   * between cards NCCL, or TCP through host memory where the options say so. Blocks until all ranks
   * have met.
   *
   * @throws org.instella.conf.error.ConfigurationException if transport and device do not go
   *     together
   * @throws org.instella.conf.error.EnvironmentException if ranks or libraries are missing
   */
  static ProcessGroup join(Rank rank, TcpOptions options, Reduction reduction, TorchDevice device) {
    boolean card = device.kind() == TorchDevice.Kind.GPU;
    if (options.transport() == TcpOptions.Transport.NCCL && !card) {
      throw new ConfigurationException(
          ParallelError.TRANSPORT_UNFIT,
          "train.group.transport = nccl, but the device is %s: NCCL moves memory of cards only; set train.compute.device = gpu, or transport to auto or tcp"
              .formatted(device));
    }
    if (rank.count() == 1) {
      return new SoloGroup();
    }
    if (!card) {
      return TcpProcessGroup.join(rank, options, reduction);
    }
    return options.transport() == TcpOptions.Transport.TCP
        ? new StagedGroup(TcpProcessGroup.join(rank, options, reduction))
        : NcclProcessGroup.join(rank, options, reduction, device);
  }

  /** Ranks on CPUs. */
  static ProcessGroup join(Rank rank, TcpOptions options, Reduction reduction) {
    return join(rank, options, reduction, TorchDevice.cpu(1));
  }

  /** Ranks on CPUs with exact sums. */
  static ProcessGroup join(Rank rank, TcpOptions options) {
    return join(rank, options, Reduction.EXACT);
  }
}
