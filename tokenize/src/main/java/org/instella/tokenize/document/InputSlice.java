package org.instella.tokenize.document;

import java.io.Serializable;

/**
 * A file, or the part of a divisible one that begins in a range of bytes.
 *
 * <p>A line of a plain file belongs to the slice that holds its first byte (of a Zstandard file,
 * the byte before), a row group of a Parquet file to the slice that holds its middle: slices that
 * cover a file without overlap cover its documents without overlap.
 *
 * @param start first byte of the range
 * @param end byte behind the range
 */
public record InputSlice(InputFile file, long start, long end) implements Serializable {
  public InputSlice {
    if (start < 0 || end < start || end > file.bytes()) {
      throw new IllegalArgumentException(
          "bytes %d to %d of %s, which has %d".formatted(start, end, file.name(), file.bytes()));
    }
  }

  /** All of {@code file}. */
  public static InputSlice whole(InputFile file) {
    return new InputSlice(file, 0, file.bytes());
  }

  /** Bytes of the range. */
  public long bytes() {
    return end - start;
  }

  /**
   * What provenance calls it: the file's name; for a later part of a file of lines {@code
   * name#start}, whose lines are counted from the first that begins at or behind byte {@code
   * start}, since nobody has counted those before. Rows of a Parquet file are known without
   * counting.
   */
  public String label() {
    return start == 0 || file.format() == InputFormat.PARQUET
        ? file.name()
        : file.name() + "#" + start;
  }
}
