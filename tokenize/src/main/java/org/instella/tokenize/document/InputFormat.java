package org.instella.tokenize.document;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** How documents lie in a file; the name's ending decides. */
public enum InputFormat {
  /** One JSON object per line. */
  JSON_LINES(true, List.of(".jsonl", ".ndjson", ".json")),
  /** The same, gzip, of any number of members. */
  JSON_LINES_GZIP(false, List.of(".jsonl.gz", ".ndjson.gz", ".json.gz", ".jsonl.gzip")),
  /** The same, Zstandard, of any number of frames. */
  JSON_LINES_ZSTD(
      false, List.of(".jsonl.zst", ".ndjson.zst", ".json.zst", ".jsonl.zstd", ".json.zstd")),
  /** A table with flat string columns. */
  PARQUET(true, List.of(".parquet")),
  /** A table with string columns, IPC file or stream. */
  ARROW(false, List.of(".arrow", ".arrows", ".feather"));

  private final boolean divisible;
  private final List<String> endings;

  InputFormat(boolean divisible, List<String> endings) {
    this.divisible = divisible;
    this.endings = endings;
  }

  /** Whether a byte range of such a file can be read without what stands before it. */
  public boolean divisible() {
    return divisible;
  }

  /** The format of a file of this name, empty where the ending says none. */
  public static Optional<InputFormat> of(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    for (InputFormat format : values()) {
      for (String ending : format.endings) {
        if (lower.endsWith(ending)) {
          return Optional.of(format);
        }
      }
    }
    return Optional.empty();
  }
}
