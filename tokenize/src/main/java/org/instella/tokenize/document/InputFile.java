package org.instella.tokenize.document;

import java.io.Serializable;
import java.util.List;
import org.instella.conf.storage.Location;

/**
 * One file of documents.
 *
 * @param location where it is
 * @param name its path below the folder that was listed: what provenance records, so that the same
 *     corpus in another place gives the same bytes
 * @param bytes its length as stored
 * @param cuts places inside at which a task may begin where the format does not say so itself,
 *     ascending
 */
public record InputFile(
    Location location, String name, long bytes, InputFormat format, List<Long> cuts)
    implements Serializable {
  public InputFile {
    cuts = List.copyOf(cuts);
  }

  /** A file that is not cut, unless its format can be cut anywhere. */
  public InputFile(Location location, String name, long bytes, InputFormat format) {
    this(location, name, bytes, format, List.of());
  }

  /** The same file with its cuts forgotten: what a task needs to know of it. */
  InputFile withoutCuts() {
    return new InputFile(location, name, bytes, format);
  }
}
