package org.instella.train.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.instella.conf.error.EnvironmentException;

/**
 * A permutation of 0..n-1 with n up to 2^32, four bytes an element: on the heap while small, in a
 * mapped temporary file when large.
 *
 * <p>The file is deleted while it is open, so nothing is left behind however the process ends. The
 * mapping is freed by the garbage collector.
 */
final class PermutationIndex {
  private static final long HEAP_ELEMENTS = 1L << 24;
  private static final int SEGMENT_BITS = 28;
  private static final long MAX_SIZE = 1L << 32;

  private final long size;
  private final int[] heap;
  private final IntBuffer[] segments;

  private PermutationIndex(long size, int[] heap, IntBuffer[] segments) {
    this.size = size;
    this.heap = heap;
    this.segments = segments;
  }

  /** Room for {@code size} elements, all zero. */
  static PermutationIndex allocate(long size) {
    return allocate(size, HEAP_ELEMENTS);
  }

  static PermutationIndex allocate(long size, long heapElements) {
    if (size < 0 || size > MAX_SIZE) {
      throw DataErrors.tooManySamples(size, MAX_SIZE);
    }
    if (size <= heapElements) {
      return new PermutationIndex(size, new int[(int) size], new IntBuffer[0]);
    }
    return new PermutationIndex(size, null, map(size));
  }

  private static IntBuffer[] map(long size) {
    long segmentSize = 1L << SEGMENT_BITS;
    IntBuffer[] segments = new IntBuffer[(int) ((size + segmentSize - 1) / segmentSize)];
    try {
      Path file = Files.createTempFile("instella-order-", ".index");
      try (FileChannel channel =
          FileChannel.open(
              file,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE,
              StandardOpenOption.DELETE_ON_CLOSE)) {
        for (int i = 0; i < segments.length; i++) {
          long first = i * segmentSize;
          long bytes = 4 * Math.min(segmentSize, size - first);
          ByteBuffer mapped = channel.map(FileChannel.MapMode.READ_WRITE, 4 * first, bytes);
          segments[i] = mapped.order(ByteOrder.nativeOrder()).asIntBuffer();
        }
      }
    } catch (IOException e) {
      throw new EnvironmentException(
          DataError.ORDER_INDEX_FAILED,
          "Cannot map %d bytes for the index of the sample order in %s: %s; free space there, name another folder with -Djava.io.tmpdir, or use data.order = feistel, which needs no index"
              .formatted(4 * size, System.getProperty("java.io.tmpdir"), e.getMessage()),
          e);
    }
    return segments;
  }

  long size() {
    return size;
  }

  long at(long position) {
    if (heap != null) {
      return Integer.toUnsignedLong(heap[(int) position]);
    }
    int within = (int) (position & ((1L << SEGMENT_BITS) - 1));
    return Integer.toUnsignedLong(segments[(int) (position >>> SEGMENT_BITS)].get(within));
  }

  void set(long position, long value) {
    if (heap != null) {
      heap[(int) position] = (int) value;
      return;
    }
    int within = (int) (position & ((1L << SEGMENT_BITS) - 1));
    segments[(int) (position >>> SEGMENT_BITS)].put(within, (int) value);
  }
}
