package org.instella.ensemble;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.zip.CRC32C;
import org.instella.conf.error.DataException;
import org.instella.model.checkpoint.Dtype;
import org.instella.model.checkpoint.ModelFolder;
import org.instella.model.checkpoint.TensorInfo;

/**
 * Values of a model folder. Cells are read whole; on the way each gets a checksum, so that a parent
 * without a manifest has an identity too, at no extra reading.
 */
final class FolderSource implements Source {
  private final ModelFolder folder;
  private final Grid grid;
  private final boolean anonymous;
  private final ConcurrentHashMap<String, ConcurrentSkipListMap<Long, Cell>> checksums =
      new ConcurrentHashMap<>();

  private record Cell(int crc, long bytes) {}

  FolderSource(ModelFolder folder, Grid grid) {
    this.folder = folder;
    this.grid = grid;
    anonymous = folder.manifest().isEmpty();
  }

  @Override
  public void read(String tensor, long first, int count, double[] target, Scratch scratch) {
    ByteBuffer bytes = stored(tensor, first, count, scratch);
    Dtype dtype = folder.info(tensor).dtype();
    if (!scratch.decoder(count).decode(dtype, bytes, 0, target, count)) {
      throw notFinite(tensor, first, target, count);
    }
  }

  @Override
  public boolean readFloats(String tensor, long first, int count, float[] target, Scratch scratch) {
    if (folder.info(tensor).dtype() != Dtype.F32) {
      return false;
    }
    stored(tensor, first, count, scratch)
        .order(ByteOrder.LITTLE_ENDIAN)
        .asFloatBuffer()
        .get(target, 0, count);
    return true;
  }

  /** Bytes of elements; the cell they lie in is read if it was not the last one. */
  private ByteBuffer stored(String tensor, long first, int count, Scratch scratch) {
    TensorInfo info = folder.info(tensor);
    Dtype dtype = info.dtype();
    int cellSize = grid.cellOf(info);
    long cell = first / cellSize * cellSize;
    Scratch.Window window = scratch.window(this);
    if (!window.holds(tensor, cell)) {
      int elements = (int) Math.min(cellSize, info.elements() - cell);
      ByteBuffer room = window.room(elements * dtype.bytes());
      folder.read(tensor, cell * dtype.bytes(), room);
      room.flip();
      if (anonymous) {
        addChecksum(tensor, cell, room);
      }
      window.tensor = tensor;
      window.first = cell;
    }
    return window.bytes.slice((int) (first - cell) * dtype.bytes(), count * dtype.bytes());
  }

  /**
   * CRC-32C of each tensor that has been read in full, as eight hexadecimal digits; nothing for a
   * folder whose manifest identifies it.
   */
  SortedMap<String, String> checksums() {
    SortedMap<String, String> all = new TreeMap<>();
    checksums.forEach(
        (tensor, cells) -> {
          int crc = 0;
          long bytes = 0;
          for (Cell cell : cells.values()) {
            crc = Crc32cCombination.combine(crc, cell.crc(), cell.bytes());
            bytes += cell.bytes();
          }
          if (bytes == folder.info(tensor).bytes()) {
            all.put(tensor, "%08x".formatted(crc));
          }
        });
    return all;
  }

  private void addChecksum(String tensor, long cell, ByteBuffer bytes) {
    ConcurrentSkipListMap<Long, Cell> cells =
        checksums.computeIfAbsent(tensor, key -> new ConcurrentSkipListMap<>());
    if (!cells.containsKey(cell)) { // methods that pass over a tensor several times
      CRC32C crc = new CRC32C();
      crc.update(bytes.duplicate());
      cells.put(cell, new Cell((int) crc.getValue(), bytes.remaining()));
    }
  }

  private DataException notFinite(String tensor, long first, double[] values, int count) {
    int bad = 0;
    while (bad < count - 1 && Double.isFinite(values[bad])) {
      bad++;
    }
    return new DataException(
        MergeError.WEIGHT_NOT_FINITE,
        "Model %s has %s in tensor %s at index %d (shape %s); a merge would spread it, so leave this model out"
            .formatted(
                folder.location(),
                Double.isNaN(values[bad]) ? "NaN" : "an infinity",
                tensor,
                first + bad,
                folder.info(tensor).shape()));
  }
}
