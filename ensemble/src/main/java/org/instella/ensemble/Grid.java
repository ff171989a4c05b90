package org.instella.ensemble;

import java.util.List;
import org.instella.model.checkpoint.TensorInfo;

/**
 * How tensors are cut: into pieces, which are written at once; pieces into cells, which are read at
 * once; cells into blocks, which methods see. Cells of all models fit the processor's last cache,
 * large writes are what file systems do best. Cells and blocks hold whole rows where a method wants
 * that. The cut changes no number of the result.
 *
 * @param cell elements of a cell, at least
 * @param rows whether cells and blocks hold whole rows
 */
record Grid(int cell, boolean rows) {
  /** Half a megabyte of float32: short reads cost time, from the disk and from memory. */
  static final int LOCAL_CELL = 1 << 17;

  /** Streams from remote storage cost a request each, so they read more at once. */
  static final int REMOTE_CELL = 1 << 23;

  private static final int PIECE = 1 << 20;
  private static final int BLOCK = 1 << 13;

  /** Elements of a piece: whole cells. */
  int pieceOf(TensorInfo tensor) {
    int cellSize = cellOf(tensor);
    return cellSize * Math.max(1, PIECE / cellSize);
  }

  int cellOf(TensorInfo tensor) {
    return whole(cell, tensor);
  }

  int blockOf(TensorInfo tensor) {
    return whole(BLOCK, tensor);
  }

  private int whole(int elements, TensorInfo tensor) {
    List<Long> shape = tensor.shape();
    long row = rows && !shape.isEmpty() ? shape.get(shape.size() - 1) : 1;
    if (row > 1 << 26) {
      throw new IllegalArgumentException(
          "rows of %d elements in tensor %s are too long".formatted(row, tensor.name()));
    }
    return (int) Math.max(row, elements / Math.max(1, row) * row);
  }
}
