package org.instella.ensemble;

import java.nio.ByteBuffer;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
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
  private final ConcurrentHashMap<String, TensorChecksum> checksums = new ConcurrentHashMap<>();

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

  /**
   * Bytes of elements inside one cell, valid until the thread reads another cell of this folder;
   * the cell is read if it was not the last one.
   */
  ByteBuffer stored(String tensor, long first, int count, Scratch scratch) {
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
        checksums
            .computeIfAbsent(tensor, key -> new TensorChecksum(info.bytes()))
            .add(cell * dtype.bytes(), room);
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
        (tensor, checksum) ->
            checksum.value().ifPresent(crc -> all.put(tensor, "%08x".formatted(crc))));
    return all;
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
