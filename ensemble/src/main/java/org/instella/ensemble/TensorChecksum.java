package org.instella.ensemble;

import java.nio.ByteBuffer;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/**
 * CRC-32C of one tensor whose cells are read in any order by several threads. Once all are there
 * only the result is kept, so memory does not grow with the model.
 */
final class TensorChecksum {
  private final long bytes;
  private final TreeMap<Long, Cell> cells = new TreeMap<>();
  private long seen;
  private boolean complete;
  private int crc;

  private record Cell(int crc, long bytes) {}

  TensorChecksum(long bytes) {
    this.bytes = bytes;
    this.complete = bytes == 0;
  }

  /** Takes in what remains in {@code cell}, without moving it; a cell seen before counts once. */
  void add(long begin, ByteBuffer cell) {
    if (has(begin)) { // methods that pass over a tensor several times
      return;
    }
    CRC32C checksum = new CRC32C();
    checksum.update(cell.duplicate());
    put(begin, new Cell((int) checksum.getValue(), cell.remaining()));
  }

  /** Empty while cells are missing. */
  synchronized OptionalInt value() {
    return complete ? OptionalInt.of(crc) : OptionalInt.empty();
  }

  private synchronized boolean has(long begin) {
    return complete || cells.containsKey(begin);
  }

  private synchronized void put(long begin, Cell cell) {
    if (complete || cells.putIfAbsent(begin, cell) != null) {
      return;
    }
    seen += cell.bytes();
    if (seen == bytes) {
      Crc32cCombination combination = new Crc32cCombination(cell.bytes());
      for (Map.Entry<Long, Cell> entry : cells.entrySet()) {
        long length = entry.getValue().bytes();
        if (combination.length() != length) { // all but the last are alike
          combination = new Crc32cCombination(length);
        }
        crc = combination.append(crc, entry.getValue().crc());
      }
      complete = true;
      cells.clear();
    }
  }
}
