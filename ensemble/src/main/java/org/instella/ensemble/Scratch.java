package org.instella.ensemble;

import java.nio.ByteBuffer;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Optional;
import org.instella.conf.storage.AlignedMemory;
import org.instella.ensemble.method.MeanKernel;
import org.instella.model.checkpoint.Dtype;

/**
 * Buffers of one thread: a cell of stored bytes per model folder and a block of float64 per input
 * of every merge. They grow to the largest block and stay; this is all the memory a merge uses.
 */
final class Scratch {
  private final Map<FolderSource, Window> windows = new IdentityHashMap<>();
  private final Map<StageSource, double[][]> blocks = new IdentityHashMap<>();
  private final Map<Dtype, Optional<MeanKernel>> kernels = new EnumMap<>(Dtype.class);
  private final Map<Integer, FiniteDecoder> decoders = new HashMap<>();

  private final long elements;

  /**
   * Empty buffers.
   *
   * @param elements of the whole merge, by which the fastest mean is chosen
   */
  Scratch(long elements) {
    this.elements = elements;
  }

  /** The cell of a folder that was read last. */
  static final class Window {
    private String tensor = "";
    private long first = -1;
    private ByteBuffer room = AlignedMemory.room(0);
    private int length;
    private ByteBuffer bytes = room;

    boolean holds(String name, long cell) {
      return first == cell && tensor.equals(name);
    }

    /** Room for a cell; what was there is forgotten. */
    ByteBuffer room(int wanted) {
      first = -1;
      if (length < wanted) {
        room = AlignedMemory.room(wanted);
        length = wanted;
      }
      return room.clear();
    }

    /** From now on the window holds this cell. */
    void put(String name, long cell, ByteBuffer content) {
      tensor = name;
      first = cell;
      bytes = content;
    }

    ByteBuffer bytes() {
      return bytes;
    }
  }

  Window window(FolderSource folder) {
    return windows.computeIfAbsent(folder, key -> new Window());
  }

  /** One array per input of a merge, each at least {@code elements} long. */
  double[][] blocks(StageSource stage, int inputs, int elements) {
    double[][] arrays = blocks.get(stage);
    if (arrays == null || arrays[0].length < elements) {
      arrays = new double[inputs][elements];
      blocks.put(stage, arrays);
    }
    return arrays;
  }

  /** The fastest mean of one type. */
  Optional<MeanKernel> kernel(Dtype dtype) {
    boolean vectors = dtype != Dtype.F32 || elements >= MeanKernel.VECTORS_FROM;
    return kernels.computeIfAbsent(dtype, type -> MeanKernel.of(type, vectors));
  }

  FiniteDecoder decoder(int elements) {
    int size = Math.max(Integer.highestOneBit(Math.max(1, elements - 1)) << 1, 1 << 13);
    return decoders.computeIfAbsent(size, FiniteDecoder::new);
  }
}
