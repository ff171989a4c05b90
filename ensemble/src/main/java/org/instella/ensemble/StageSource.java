package org.instella.ensemble;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;
import java.util.function.Function;
import org.instella.conf.error.InstellaException;
import org.instella.conf.error.StoppedException;
import org.instella.ensemble.method.Block;
import org.instella.ensemble.method.BlockMerge;
import org.instella.ensemble.method.LinearMerge;
import org.instella.ensemble.method.MeanKernel;
import org.instella.ensemble.method.TensorValues;
import org.instella.model.checkpoint.Dtype;
import org.instella.model.checkpoint.TensorInfo;

/** Values of a merge, computed from its inputs when they are asked for. */
final class StageSource implements Source {
  private final MergeStage stage;
  private final List<Source> models;
  private final Optional<Source> base;
  private final Grid grid;
  private final Function<String, TensorInfo> infos;
  private final StopRequest stop;
  private final ConcurrentHashMap<String, FutureTask<BlockMerge>> prepared =
      new ConcurrentHashMap<>();

  /**
   * A merge over sources.
   *
   * @param infos type and shape of a tensor, the same in every model
   * @param stop looked at while a method passes over a tensor, which may be most of the work
   */
  StageSource(
      MergeStage stage,
      List<Source> models,
      Optional<Source> base,
      Grid grid,
      Function<String, TensorInfo> infos,
      StopRequest stop) {
    this.stage = stage;
    this.models = models;
    this.base = base;
    this.grid = grid;
    this.infos = infos;
    this.stop = stop;
  }

  @Override
  public void read(String tensor, long first, int count, double[] target, Scratch scratch) {
    prepared(tensor, scratch).merge(block(tensor, first, count, scratch), target);
  }

  @Override
  public boolean readStored(
      String tensor, long first, int count, ByteBuffer target, Scratch scratch) {
    if (!(stage.methodFor(tensor) instanceof LinearMerge linear)) {
      return false;
    }
    Optional<MeanKernel> kernel = scratch.kernel(infos.apply(tensor).dtype());
    if (kernel.isEmpty()) {
      return false;
    }
    ByteBuffer[] stored = new ByteBuffer[models.size()];
    for (int m = 0; m < stored.length; m++) {
      // Not from another stage: its values are not rounded before the end.
      if (!(models.get(m) instanceof FolderSource folder)) {
        return false;
      }
      stored[m] = folder.stored(tensor, first, count, scratch);
    }
    return kernel.get().mean(stored, linear.factors(), linear.divisor(), count, target);
  }

  @Override
  public void prepare(String tensor, Scratch scratch) {
    prepared(tensor, scratch);
  }

  private Block block(String tensor, long first, int count, Scratch scratch) {
    double[][] arrays = scratch.blocks(this, models.size() + 1, count);
    for (int m = 0; m < models.size(); m++) {
      models.get(m).read(tensor, first, count, arrays[m], scratch);
    }
    double[] origin = null;
    if (base.isPresent()) {
      origin = arrays[models.size()];
      base.get().read(tensor, first, count, origin, scratch);
    }
    return new Block(first, count, Arrays.copyOf(arrays, models.size()), origin);
  }

  /** The first thread that needs a tensor passes over it; others wait for that thread. */
  private BlockMerge prepared(String tensor, Scratch scratch) {
    FutureTask<BlockMerge> task =
        prepared.computeIfAbsent(
            tensor,
            key ->
                new FutureTask<>(
                    () -> stage.methodFor(key).prepare(new Values(infos.apply(key), scratch))));
    task.run();
    try {
      return task.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof InstellaException failure) {
        throw failure;
      }
      throw new IllegalStateException("merging tensor " + tensor, e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StoppedException(
          MergeError.MERGE_STOPPED, "The merge was interrupted; run it again to resume", e);
    }
  }

  /** One tensor as methods see it, read with the buffers of the thread that prepares. */
  private final class Values implements TensorValues {
    private final TensorInfo info;
    private final Scratch scratch;

    Values(TensorInfo info, Scratch scratch) {
      this.info = info;
      this.scratch = scratch;
    }

    @Override
    public String name() {
      return info.name();
    }

    @Override
    public List<Long> shape() {
      return info.shape();
    }

    @Override
    public Dtype dtype() {
      return info.dtype();
    }

    @Override
    public int models() {
      return models.size();
    }

    @Override
    public void forEachBlock(Consumer<Block> visitor) {
      int cellSize = grid.cellOf(info);
      int blockSize = grid.blockOf(info);
      for (long cell = 0; cell < info.elements(); cell += cellSize) {
        stop.check();
        long end = Math.min(info.elements(), cell + cellSize);
        for (long first = cell; first < end; first += blockSize) {
          int count = (int) Math.min(blockSize, end - first);
          visitor.accept(block(info.name(), first, count, scratch));
        }
      }
    }
  }
}
