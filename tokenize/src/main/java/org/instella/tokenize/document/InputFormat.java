package org.instella.tokenize.document;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** How documents lie in a file; the name's ending decides. */
public enum InputFormat {
  /** One JSON object per line. */
  JSON_LINES(true, "(jsonl|ndjson|json)"),
  /** The same, gzip, of any number of members. */
  JSON_LINES_GZIP(false, "(jsonl|ndjson|json)\\.(gz|gzip)"),
  /** The same, Zstandard, of any number of frames. */
  JSON_LINES_ZSTD(false, "(jsonl|ndjson|json)\\.(zst|zstd)"),
  /** A table with flat string columns. */
  PARQUET(true, "parquet"),
  /** A table with string columns, IPC file or stream. */
  ARROW(false, "(arrow|arrows|feather)");

  private final boolean divisible;
  private final Pattern ending;

  InputFormat(boolean divisible, String ending) {
    this.divisible = divisible;
    this.ending = Pattern.compile(".*\\." + ending);
  }

  /** Whether a byte range of such a file can be read without what stands before it. */
  public boolean divisible() {
    return divisible;
  }

  /** The format of a file of this name, empty where the ending says none. */
  public static Optional<InputFormat> of(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    for (InputFormat format : values()) {
      if (format.ending.matcher(lower).matches()) {
        return Optional.of(format);
      }
    }
    return Optional.empty();
  }
}
