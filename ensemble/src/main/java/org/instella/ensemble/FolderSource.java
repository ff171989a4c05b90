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
  private final Parents reading;
  private final ConcurrentHashMap<String, TensorChecksum> checksums = new ConcurrentHashMap<>();

  FolderSource(ModelFolder folder, Grid grid, Parents reading) {
    this.reading = reading;
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
      ByteBuffer bytes = read(tensor, cell * dtype.bytes(), elements * dtype.bytes(), window);
      if (anonymous) {
        checksums
            .computeIfAbsent(tensor, key -> new TensorChecksum(info.bytes()))
            .add(cell * dtype.bytes(), bytes);
      }
      window.put(tensor, cell, bytes);
    }
    return window.bytes().slice((int) (first - cell) * dtype.bytes(), count * dtype.bytes());
  }

  /** Whether a tensor is read past the page cache, where the system reads nothing ahead. */
  boolean waitsForDisk(TensorInfo tensor) {
    return reading == Parents.READ_ONCE && folder.isCold(tensor.name());
  }

  private ByteBuffer read(String tensor, long begin, int length, Scratch.Window window) {
    ByteBuffer room = window.room(length);
    if (reading == Parents.READ_ONCE) {
      return folder.readOnce(tensor, begin, length, room);
    }
    folder.read(tensor, begin, room.limit(length));
    return room.flip();
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
