package org.instella.tokenize.shard;

import java.nio.IntBuffer;
import java.nio.file.Path;
import org.instella.conf.error.DataException;
import org.instella.conf.manifest.FileDigest;
import org.instella.conf.manifest.Manifest;
import org.instella.conf.storage.Storage;

/** Reads a data set to its last byte and says whether it is what its manifest says. */
public final class ShardVerifier {
  private ShardVerifier() {}

  /**
   * Checks every file's digest, then every shard's structure: offsets that rise, ids below the
   * vocabulary's size, counts as in the manifest, an index that finds the documents.
   *
   * @throws DataException naming the first shard or file that is wrong
   */
  public static void verify(Storage storage, TokenDataset dataset) {
    for (FileDigest file : dataset.manifest().files()) {
      Manifest.verify(storage, dataset.folder(), file);
    }
    for (int i = 0; i < dataset.shards().size(); i++) {
      verify(dataset.shard(i));
    }
  }

  /** Checks the structure of one shard. */
  public static void verify(TokenShard shard) {
    for (ShardBatch batch : shard.batches()) {
      Path file = shard.file();
      checkRising(file, "document", batch.documentOffsets(), batch.documents(), batch.tokens());
      checkRising(file, "id", batch.idOffsets(), batch.documents(), batch.idBytes().limit());
      checkRising(file, "file", batch.fileOffsets(), batch.documents(), batch.fileBytes().limit());
      if (batch.documentOffsets().get(batch.documents()) != batch.tokens()) {
        throw TokenShard.corrupt(file, "tokens belong to no document", null);
      }
      checkIds(shard, batch);
    }
    for (int document = 0; document < shard.documents(); document++) {
      checkFound(shard, document);
    }
  }

  private static void checkRising(
      Path file, String column, IntBuffer offsets, int rows, int limit) {
    int last = 0;
    for (int row = 0; row <= rows; row++) {
      int offset = offsets.get(row);
      if (offset < last || offset > limit) {
        throw TokenShard.corrupt(
            file,
            "offset %d of column %s is %d after %d".formatted(row, column, offset, last),
            null);
      }
      last = offset;
    }
  }

  private static void checkIds(TokenShard shard, ShardBatch batch) {
    int[] ids = new int[1 << 14];
    int vocabulary = shard.header().vocabularySize();
    for (int token = 0; token < batch.tokens(); token += ids.length) {
      int length = Math.min(ids.length, batch.tokens() - token);
      batch.copy(shard.header().width(), token, ids, 0, length);
      for (int i = 0; i < length; i++) {
        if (Integer.compareUnsigned(ids[i], vocabulary) >= 0) {
          throw TokenShard.corrupt(
              shard.file(),
              "token %d is %s, the vocabulary has %d ids"
                  .formatted(
                      batch.firstToken() + token + i, Integer.toUnsignedString(ids[i]), vocabulary),
              null);
        }
      }
    }
  }

  private static void checkFound(TokenShard shard, int document) {
    DocumentRef ref = shard.ref(document);
    if (shard.find(ref.id()).stream().noneMatch(found -> found.document() == document)) {
      throw TokenShard.corrupt(
          shard.file(), "its id index does not find document %d".formatted(document), null);
    }
  }
}
