package org.instella.tokenize.document;

/** How tasks may enter a Zstandard file in the middle. */
public enum ZstdSplit {
  /**
   * At frames that a seek table at the end of the file names (the format of zstd's {@code contrib/
   * seekable_format}): two small reads a file.
   */
  TABLE,
  /**
   * Where there is no table, also at frames found by walking over the headers of all blocks: on a
   * remote store that reads the file once more, on the driver.
   */
  SCAN,
  /** Not at all. */
  NEVER
}
