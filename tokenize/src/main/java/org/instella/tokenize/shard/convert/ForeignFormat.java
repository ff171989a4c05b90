package org.instella.tokenize.shard.convert;

import java.io.IOException;
import java.util.List;
import org.instella.conf.manifest.FileDigest;
import org.instella.conf.storage.Location;
import org.instella.conf.storage.Storage;
import org.instella.tokenize.shard.ShardHeader;
import org.instella.tokenize.shard.TokenShard;

/** How others keep tokens on disk: one shard of theirs for one of ours. */
public sealed interface ForeignFormat permits DolmaFormat, MegatronFormat {

  /** What the manifest of such a folder gives as its kind. */
  String kind();

  /** The ending of the file that holds the ids. */
  String ending();

  /** Writes one shard under {@code name} into {@code folder}, in constant memory. */
  List<FileDigest> write(Storage storage, TokenShard shard, Location folder, String name)
      throws IOException;

  /**
   * Reads one shard, document after document, in constant memory.
   *
   * @param header says how wide an id is, which raw files do not
   * @throws org.instella.conf.error.DataException if the files contradict each other
   */
  void read(
      Storage storage, Location folder, String name, ShardHeader header, DocumentSink documents)
      throws IOException;

  /** Takes documents in order. */
  @FunctionalInterface
  interface DocumentSink {
    /** The first {@code count} of {@code ids} are valid during the call. */
    void add(int[] ids, int count, String id, String file, long line);
  }
}
