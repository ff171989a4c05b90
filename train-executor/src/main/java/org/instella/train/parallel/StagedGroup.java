package org.instella.train.parallel;

import java.nio.ByteBuffer;
import java.util.Optional;
import org.instella.conf.error.BugException;
import org.instella.model.torch.FlatBuffer;

/**
 * A group for tensors of cards over one that moves host memory: what leaves is copied to the host,
 * what arrives is copied back. Several times slower than NCCL; for cards that it does not know.
 */
final class StagedGroup implements ProcessGroup {
  private final ProcessGroup host;
  private Optional<FlatBuffer> staged = Optional.empty();

  /** Takes over the ownership of {@code host}. */
  StagedGroup(ProcessGroup host) {
    this.host = host;
  }

  /** A host buffer as what the group below moves. */
  private record HostMemory(FlatBuffer buffer) implements FloatMemory {
    @Override
    public long elements() {
      return buffer.length();
    }

    @Override
    public ByteBuffer window(long first, int count) {
      return buffer.bytes(first, first + count);
    }
  }

  private FlatBuffer stagedFor(FlatBuffer tensor) {
    if (staged.isEmpty() || staged.get().length() != tensor.length()) {
      staged.ifPresent(FlatBuffer::close);
      staged = Optional.of(FlatBuffer.host(tensor.device(), tensor.precision(), tensor.length()));
    }
    return staged.get();
  }

  static FlatBuffer require(FloatMemory memory) {
    return memory
        .tensor()
        .orElseThrow(
            () ->
                new BugException(
                    ParallelError.RANKS_DISAGREE, "only tensors can be moved between cards"));
  }

  @Override
  public int rank() {
    return host.rank();
  }

  @Override
  public int count() {
    return host.count();
  }

  @Override
  public void reduceScatter(FloatMemory buffer, Slice range) {
    FlatBuffer tensor = require(buffer);
    FlatBuffer copy = stagedFor(tensor);
    copy.copyFrom(tensor, range.first(), range.end());
    host.reduceScatter(new HostMemory(copy), range);
    Slice own = slice(tensor.length()).within(range);
    tensor.copyFrom(copy, own.first(), own.end());
  }

  @Override
  public void allGather(FloatMemory buffer) {
    FlatBuffer tensor = require(buffer);
    FlatBuffer copy = stagedFor(tensor);
    Slice own = slice(tensor.length());
    copy.copyFrom(tensor, own.first(), own.end());
    host.allGather(new HostMemory(copy));
    tensor.copyFrom(copy, 0, tensor.length());
  }

  @Override
  public void broadcast(FloatMemory buffer) {
    FlatBuffer tensor = require(buffer);
    FlatBuffer copy = stagedFor(tensor);
    copy.copyFrom(tensor, 0, tensor.length());
    host.broadcast(new HostMemory(copy));
    tensor.copyFrom(copy, 0, tensor.length());
  }

  @Override
  public void allReduce(double[] values) {
    host.allReduce(values);
  }

  @Override
  public double secondsSpent() {
    return host.secondsSpent();
  }

  @Override
  public void abort(String reason) {
    host.abort(reason);
  }

  @Override
  public void close() {
    host.close();
    staged.ifPresent(FlatBuffer::close);
  }
}
